/**
 * Limits the early resets of a peer (CVE-2023-44487).
 *
 * Honest clients reset early, too: hedging cancels the slower calls as soon as one is answered (gRFC A6), and thousands of calls can reach
 * their deadline together. The frames do not distinguish these from an attack, so a reset is judged by the work that it wastes, and
 * slows the peer down long before it ends the connection:
 *
 * - A slot is free only when its handler has ended, so resets never make more handlers run than streams are allowed. This alone removes
 *   the main effect of the attack.
 * - A call that is reset in the read that brought it (the attack as observed) starts no handler. An honest client does not cancel before
 *   it can have an answer, unless a short deadline passed on the way or we were too busy to read. A budget of 200 such resets ends the
 *   connection.
 * - A reset of a call that waits for its handler, or whose handler has ended, wastes less work than an answered call.
 * - A reset of a running handler wastes its start. Above a budget, the slot stays occupied for a while after the handler has ended
 *   (`CoolingSlots`): 100 slots then start at most 1,000 wasted handlers per second, and other calls wait no longer than that while.
 * - What remains is reading the frames. Their budget is beyond any client whose calls do real work: 100 streams of 10 ms each make
 *   10,000 resets per second. Above it, the connection ends.
 * - Calls that succeed refill both budgets.
 */
import { FloodBudget, type FloodRate } from './flood-guard.ts'
import type { RequestHead } from './head.ts'
import type { SessionState } from './session-state.ts'
import type { StreamState } from './stream-state.ts'
import type { TimerWheel } from './timer-wheel.ts'
import { WheelTimer } from './timer-wheel.ts'

/** A reset is early if the stream is younger than this. */
const EARLY_RESET_MS = 100

/**
 * A reset after this share of the stream's own deadline is not early, as the client's timer started before ours. This gives an attacker no
 * more than a shorter deadline, which ends a stream without a reset.
 */
const DEADLINE_SHARE = 0.5

/** A deadline up to this long may have passed before the call was read. */
const SHORT_DEADLINE_MS = 100

/** Resets of calls read together with them that are excused per millisecond of our CPU time. */
const RESETS_PER_BUSY_MS = 10

/** Handlers that a peer may waste before it is slowed down. */
const WASTED_STARTS: FloodRate = Object.freeze({ burst: 200, perSecond: 50 })

/** The most attempts that hedging cancels per successful call (gRFC A6: five attempts). */
const RESETS_PER_SUCCESS = 4

/** Judges the resets on one server session. */
export class EarlyResets {
  private readonly state: SessionState
  private readonly wastedStarts: FloodBudget
  private seenSuccesses = 0
  private seenBusyMs = busyMs()

  constructor(state: SessionState) {
    this.state = state
    this.wastedStarts = new FloodBudget(WASTED_STARTS, state.nowMs)
  }

  /** Judges a reset of an open stream. Throws ENHANCE_YOUR_CALM when the budget is spent. */
  onReset(stream: StreamState): void {
    if (!this.isEarly(stream)) return
    const { floods, nowMs, stats } = this.state
    const earned = (stats.streamsSucceeded - this.seenSuccesses) * RESETS_PER_SUCCESS
    this.seenSuccesses = stats.streamsSucceeded
    this.wastedStarts.refund(earned)
    if (this.isInstant(stream)) {
      const busy = busyMs()
      floods.countInstantReset(nowMs, (busy - this.seenBusyMs) * RESETS_PER_BUSY_MS)
      this.seenBusyMs = busy
    }
    floods.countEarlyReset(nowMs, earned)
    if (stream.isDispatched && !stream.isReleased) stream.isSlotCooling = !this.wastedStarts.take(nowMs)
  }

  /** Whether the call and its reset came in the same read. */
  private isInstant({ isDispatched, isWaiting, request }: StreamState): boolean {
    if (isDispatched || isWaiting || request === null) return false
    const timeoutMs = this.timeoutMsOf(request)
    return timeoutMs === undefined || timeoutMs > SHORT_DEADLINE_MS
  }

  /** Returns the timeout of a call; undefined if the owner fails to read it, which is not the peer's fault. */
  private timeoutMsOf(request: RequestHead): number | undefined {
    try {
      return this.state.serverHandler?.timeoutMsOf?.(request)
    } catch (thrown) {
      this.state.report(thrown)
      return undefined
    }
  }

  private isEarly({ openedAtMs, deadlineAtMs }: StreamState): boolean {
    const earlyMs = Math.min(EARLY_RESET_MS, (deadlineAtMs - openedAtMs) * DEADLINE_SHARE)
    return this.state.nowMs - openedAtMs < earlyMs
  }
}

/** The CPU time of the process, which is more reliable than the clock on a shared machine. */
function busyMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** A slot stays occupied for at least this long, and at most twice as long. */
const COOLING_MS = 100

/** Counts slots only. One timer releases those from before its last round, and runs only while there are any. */
export class CoolingSlots {
  private readonly timers: TimerWheel
  private readonly giveBack: (slots: number) => void
  private readonly timer = new WheelTimer(() => this.endRound())
  private fresh = 0
  private cooled = 0
  private isStopped = false

  /** @param giveBack receives the number of slots that are free again */
  constructor(timers: TimerWheel, giveBack: (slots: number) => void) {
    this.timers = timers
    this.giveBack = giveBack
  }

  /** Adds the slot of a handler that has ended. */
  add(): void {
    this.fresh++
    if (!this.timer.isScheduled && !this.isStopped) this.timers.schedule(this.timer, COOLING_MS)
  }

  /** Stops when the session ends. */
  stop(): void {
    this.isStopped = true
    this.timers.cancel(this.timer)
  }

  private endRound(): void {
    const slots = this.cooled
    this.cooled = this.fresh
    this.fresh = 0
    if (this.cooled > 0) this.timers.schedule(this.timer, COOLING_MS)
    if (slots > 0) this.giveBack(slots)
  }
}
