/**
 * What the early resets of a peer cost it (CVE-2023-44487).
 *
 * Honest clients reset early too: hedging cancels the slower calls as soon as one has answered (gRFC A6), and a deadline can
 * pass for thousands of calls at once. Nothing in the frames tells these from an attack, so a reset is judged by the work that
 * it wastes, and slows the peer down long before it ends the connection:
 *
 * - A place is free only once its handler has ended, so resets never make more handlers run than streams are allowed. That
 *   alone takes from the attack what made it one.
 * - A call that is reset with the very read that brought it (the attack as it was seen) starts no handler. No honest client
 *   gives up what it cannot have an answer to yet, unless a short deadline passed on the way, or we were too busy to read: of
 *   these resets a budget of 200 ends the connection.
 * - A reset of a call that waits for its handler, or whose handler has ended, wastes less than a call that is answered.
 * - A reset of a handler that runs wastes its start. Above a budget the place stays taken for a while after the handler ended
 *   (`CoolingSlots`): 100 places then start 1,000 handlers a second for nothing, and calls that were not reset wait no longer
 *   than that while.
 * - What remains is the reading of the frames. Its budget is what no client comes near whose calls wait for anything: 100
 *   streams of 10 ms each make 10,000 resets a second. Above it the connection ends.
 * - Calls that end well fill both budgets up again.
 */

import { FloodBudget, type FloodRate } from './flood-budget.ts'
import type { RequestHead } from './head.ts'
import type { SessionState } from './session-state.ts'
import type { StreamState } from './stream-state.ts'

/** A reset of a stream younger than this is an early one. */
const EARLY_RESET_MS = 100

/**
 * A reset after this share of the stream's own deadline is none: the client's timer began before ours. It gives an attacker
 * no more than a shorter deadline would, which ends a stream without any reset.
 */
const DEADLINE_SHARE = 0.5

/** A deadline up to this long may have passed before the call was read. */
const SHORT_DEADLINE_MS = 100

/** Of calls that are read together with their resets, what we make up for with a millisecond of CPU time. */
const RESETS_A_BUSY_MS = 10

/** Handlers that a peer may have start for nothing before it is slowed down. */
const WASTED_STARTS: FloodRate = Object.freeze({ burst: 200, perSecond: 50 })

/** The most that hedging can cancel for a call that ends well (gRFC A6: five attempts). */
const RESETS_A_SUCCESS = 4

/** Judges the resets of one server session. */
export class EarlyResets {
  private readonly state: SessionState
  private readonly wastedStarts: FloodBudget
  private seenSuccesses = 0
  private seenBusyMs = busyMs()

  constructor(state: SessionState) {
    this.state = state
    this.wastedStarts = new FloodBudget(WASTED_STARTS, state.nowMs)
  }

  /** The peer resets a stream, which is still open. Throws ENHANCE_YOUR_CALM when the budget is spent. */
  onReset(stream: StreamState): void {
    if (!this.isEarly(stream)) return
    const { floods, nowMs, stats } = this.state
    const earned = (stats.streamsSucceeded - this.seenSuccesses) * RESETS_A_SUCCESS
    this.seenSuccesses = stats.streamsSucceeded
    this.wastedStarts.refund(earned)
    if (this.isInstant(stream)) {
      const busy = busyMs()
      floods.countInstantReset(nowMs, (busy - this.seenBusyMs) * RESETS_A_BUSY_MS)
      this.seenBusyMs = busy
    }
    floods.countEarlyReset(nowMs, earned)
    if (stream.isDispatched && !stream.isReleased) stream.isSlotCooling = !this.wastedStarts.take(nowMs)
  }

  /** The read that brought the call brought the reset, too. */
  private isInstant({ isDispatched, isWaiting, request }: StreamState): boolean {
    if (isDispatched || isWaiting || request === null) return false
    const timeoutMs = this.timeoutMsOf(request)
    return timeoutMs === undefined || timeoutMs > SHORT_DEADLINE_MS
  }

  /** The owner's fault is not the peer's: the reset is judged as one without a deadline. */
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

/** The CPU time of the process: on a machine that is shared with others it tells more than the clock. */
function busyMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
