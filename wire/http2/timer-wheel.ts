/** A hierarchical timer wheel over one real timer, for hundreds of thousands of timers, most of which are cancelled. */
import { type Clock, type ScheduledTimer, systemClock } from './clock.ts'
import { type FaultHandler, reportFault, warnOfFault } from './report-fault.ts'

/** The precision of the wheel. Delays are rounded up to it. */
export const TICK_MS = 10

/** Shorter delays use a real timer, for precision. */
export const REAL_TIMER_BELOW_MS = 100

const SLOTS = 256
const SLOT_BITS = 8
const LEVELS = 4

/** Longer delays (497 days) are limited to this. */
const MAX_DELAY_TICKS = 2 ** (SLOT_BITS * LEVELS) - 1

/** The next stop of a wheel without timers. */
const NEVER = Number.POSITIVE_INFINITY

/** A timer that is created once and can be scheduled repeatedly. It costs nothing while it is idle. */
export class WheelTimer {
  /** For the wheel: neighbours in the slot's ring. */
  next: WheelTimer | null = null
  previous: WheelTimer | null = null
  /** For the wheel: the tick at which the timer is due. */
  dueTick = 0
  /** For the wheel: the real timer of a short delay. */
  real: ScheduledTimer | null = null
  readonly onTimeout: () => void

  constructor(onTimeout: () => void) {
    this.onTimeout = onTimeout
  }

  /** Whether the timer will call back. */
  get isScheduled(): boolean {
    return this.next !== null || this.real !== null
  }
}

/**
 * Scheduling and cancelling cost a few pointer writes. The one real timer sleeps until the next occupied slot. A timer may cancel others of
 * the same tick. Errors that timers throw are reported, and the others fire.
 */
export class TimerWheel {
  /** The clock of the wheel. */
  readonly clock: Clock
  /** Number of timers in the wheel, without real ones. */
  size = 0
  private readonly onFault: FaultHandler
  private readonly slots: WheelTimer[] = []
  /** Timers that are due and have not fired yet, so that they can still be cancelled. */
  private readonly due = createRing()
  private readonly startMs: number
  private tick = 0
  private alarm: ScheduledTimer | null = null
  private alarmTick = 0

  /** @param onFault receives the errors that timers throw. Default: a process warning */
  constructor(clock: Clock, onFault: FaultHandler = warnOfFault) {
    this.clock = clock
    this.onFault = onFault
    this.startMs = clock.now()
  }

  /** Calls `timer.onTimeout` once, after at least `delayMs` and at most a tick more. Replaces an earlier schedule. */
  schedule(timer: WheelTimer, delayMs: number): void {
    this.cancel(timer)
    if (delayMs < REAL_TIMER_BELOW_MS) {
      timer.real = this.clock.schedule(() => {
        timer.real = null
        this.fire(timer)
      }, delayMs)
      return
    }
    if (this.size === 0) this.tick = this.currentTick()
    const dueMs = this.clock.now() - this.startMs + delayMs
    timer.dueTick = Math.min(Math.ceil(dueMs / TICK_MS), this.tick + MAX_DELAY_TICKS)
    const stop = this.insert(timer)
    this.size++
    if (this.alarm === null || stop < this.alarmTick) this.sleepUntil(stop)
  }

  /** Cancels a timer. Has no effect on one that is not scheduled. */
  cancel(timer: WheelTimer): void {
    timer.real?.cancel()
    timer.real = null
    if (timer.next === null) return
    unlink(timer)
    this.size--
  }

  private currentTick(): number {
    return Math.floor((this.clock.now() - this.startMs) / TICK_MS)
  }

  /** Inserts a timer, and returns the tick at which its slot must be visited. */
  private insert(timer: WheelTimer): number {
    const distance = Math.max(1, timer.dueTick - this.tick)
    let level = 0
    while (level < LEVELS - 1 && distance >= 2 ** (SLOT_BITS * (level + 1))) level++
    const due = Math.max(timer.dueTick, this.tick + 1)
    const unit = 2 ** (SLOT_BITS * level)
    const position = Math.floor(due / unit)
    link(this.slot(level, position % SLOTS), timer)
    return position * unit
  }

  private slot(level: number, index: number): WheelTimer {
    const at = level * SLOTS + index
    let ring = this.slots[at]
    if (ring === undefined) {
      ring = createRing()
      this.slots[at] = ring
    }
    return ring
  }

  /** Returns the first tick at which a slot must be visited: one that is due, or one of a higher level to redistribute. */
  private nextStop(): number {
    let best = NEVER
    for (let level = 0; level < LEVELS; level++) {
      const unit = 2 ** (SLOT_BITS * level)
      const base = Math.floor(this.tick / unit)
      for (let i = 1; i <= SLOTS && (base + i) * unit < best; i++) {
        if (isOccupied(this.slots[level * SLOTS + ((base + i) % SLOTS)])) best = (base + i) * unit
      }
    }
    return best
  }

  private sleepUntil(tick: number): void {
    this.alarm?.cancel()
    this.alarmTick = tick
    const delayMs = Math.max(1, tick * TICK_MS - (this.clock.now() - this.startMs))
    this.alarm = this.clock.schedule(() => this.wake(), delayMs)
  }

  private wake(): void {
    this.alarm = null
    const now = this.currentTick()
    let stop = this.nextStop()
    for (; stop <= now; stop = this.nextStop()) {
      this.tick = stop
      for (let level = LEVELS - 1; level >= 0; level--) this.empty(level)
    }
    this.tick = Math.max(this.tick, now)
    if (stop !== NEVER) this.sleepUntil(this.nextStop())
    this.fireDue()
  }

  /** Fires the due timers. Timers that they schedule are due in a later tick. */
  private fireDue(): void {
    for (let timer = this.due.next; timer !== null && timer !== this.due; timer = this.due.next) {
      unlink(timer)
      this.size--
      this.fire(timer)
    }
  }

  private fire(timer: WheelTimer): void {
    try {
      timer.onTimeout()
    } catch (thrown) {
      reportFault(this.onFault, thrown)
    }
  }

  /** Empties the slot of a level that starts at the current tick: moves due timers to `due`, others down a level. */
  private empty(level: number): void {
    const unit = 2 ** (SLOT_BITS * level)
    if (this.tick % unit !== 0) return
    const ring = this.slots[level * SLOTS + ((this.tick / unit) % SLOTS)]
    if (ring === undefined) return
    while (ring.next !== null && ring.next !== ring) {
      const timer = ring.next
      unlink(timer)
      if (timer.dueTick > this.tick) this.insert(timer)
      else link(this.due, timer)
    }
  }
}

/** The wheel of this process. */
export const systemTimers: TimerWheel = new TimerWheel(systemClock)

/** Creates a ring of timers: a circular list through a timer that never fires. */
function createRing(): WheelTimer {
  const ring = new WheelTimer(noop)
  ring.next = ring
  ring.previous = ring
  return ring
}

function link(ring: WheelTimer, timer: WheelTimer): void {
  timer.next = ring
  timer.previous = ring.previous
  if (ring.previous !== null) ring.previous.next = timer
  ring.previous = timer
}

function unlink(timer: WheelTimer): void {
  if (timer.previous !== null) timer.previous.next = timer.next
  if (timer.next !== null) timer.next.previous = timer.previous
  timer.next = null
  timer.previous = null
}

function isOccupied(ring: WheelTimer | undefined): boolean {
  return ring !== undefined && ring.next !== ring
}

function noop(): void {}
