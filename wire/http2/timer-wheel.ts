/** Timers by the hundred thousand, most of which are cancelled: a hierarchical wheel over one real timer. */
import { type Clock, type ScheduledTimer, systemClock } from './clock.ts'
import { type FaultHandler, reportFault, warnOfFault } from './report-fault.ts'

/** The wheel's precision; a delay is rounded up to it. */
export const TICK_MS = 10

/** Below this delay a timer is a real one, for its precision. */
export const REAL_TIMER_BELOW_MS = 100

const SLOTS = 256
const SLOT_BITS = 8
const LEVELS = 4

/** Ticks are compared as integers: a longer delay (497 days) is cut to this. */
const MAX_DELAY_TICKS = 2 ** (SLOT_BITS * LEVELS) - 1

/** The tick of a wheel in which no timer waits. */
const NEVER = Number.POSITIVE_INFINITY

/** A timer that its owner makes once and schedules as often as it likes; while it is idle it costs nothing. */
export class WheelTimer {
  /** For the wheel: the neighbours in the slot's ring. */
  next: WheelTimer | null = null
  previous: WheelTimer | null = null
  /** For the wheel: when it is due. */
  dueTick = 0
  /** For the wheel: set while it runs as a real timer. */
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
 * Starting and cancelling cost two pointer writes; the one real timer sleeps until the next occupied slot. A timer may cancel
 * others of its own tick. What one throws is reported, and the others fire.
 */
export class TimerWheel {
  /** What time it is. */
  readonly clock: Clock
  /** Timers in the wheel, real ones not counted. */
  size = 0
  private readonly onFault: FaultHandler
  private readonly slots: WheelTimer[] = []
  /** Timers that are due and have not fired: they can still be cancelled. */
  private readonly due = createRing()
  private readonly startMs: number
  private tick = 0
  private alarm: ScheduledTimer | null = null
  private alarmTick = 0

  /** @param onFault receives what timers throw, each once. Default: a warning of the process */
  constructor(clock: Clock, onFault: FaultHandler = warnOfFault) {
    this.clock = clock
    this.onFault = onFault
    this.startMs = clock.now()
  }

  /** Calls `timer.onTimeout` once, not before `delayMs` have passed and at most a tick later; replaces an earlier call. */
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

  /** The timer will not call back. Harmless for one that is not scheduled. */
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

  /** Returns the tick at which the timer's slot has to be looked at. */
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

  /** The first tick at which a slot has to be looked at: a due one, or one of a higher level to be spread out. */
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

  /** What a timer schedules meanwhile is for a later tick. */
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

  /** Takes the timers out of a level's slot that begins at the current tick: due ones to `due`, others a level down. */
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

/** A ring of timers is a list that begins and ends with a timer that never fires. */
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
