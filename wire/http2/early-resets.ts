/**
 * What the early resets of a peer cost it (CVE-2023-44487).
 *
 * Honest clients reset early too: hedging cancels the slower calls as soon as one has answered (gRFC A6), and a deadline can
 * pass for thousands of calls at once. Nothing in the frames tells these from an attack, so a reset is judged by the work that
 * it wastes, and slows the peer down long before it ends the connection:
 *
 * - A place is free only once its handler has ended, so resets never make more handlers run than streams are allowed. That
 *   alone takes from the attack what made it one.
 * - A reset of a call whose handler was not started, or has ended, wastes less than a call that is answered.
 * - A reset of a handler that runs wastes its start. Above a budget the place stays taken for a while after the handler ended
 *   (`CoolingSlots`): 100 places then start 1,000 handlers a second for nothing, and calls that were not reset wait no longer
 *   than that while.
 * - What remains is the reading of the frames. Its budget is what no client comes near whose calls wait for anything: 100
 *   streams of 10 ms each make 10,000 resets a second. Above it the connection ends.
 * - Calls that end well fill both budgets up again.
 */

import { FloodBudget, type FloodRate } from './flood-budget.ts'
import type { SessionParts } from './session-parts.ts'
import type { Stream } from './stream.ts'

/** A reset of a stream younger than this is an early one. */
const EARLY_RESET_MS = 100

/**
 * A reset after this share of the stream's own deadline is none: the client's timer began before ours. It gives an attacker
 * no more than a shorter deadline would, which ends a stream without any reset.
 */
const DEADLINE_SHARE = 0.5

/** Handlers that a peer may have start for nothing before it is slowed down. */
const WASTED_STARTS: FloodRate = Object.freeze({ burst: 200, perSecond: 50 })

/** The most that hedging can cancel for a call that ends well (gRFC A6: five attempts). */
const RESETS_A_SUCCESS = 4

/** Judges the resets of one server session. */
export class EarlyResets {
  private readonly session: SessionParts
  private readonly wastedStarts: FloodBudget
  private seenSuccesses = 0

  constructor(session: SessionParts) {
    this.session = session
    this.wastedStarts = new FloodBudget(WASTED_STARTS, session.nowMs)
  }

  /** The peer resets a stream, which is still open. Throws ENHANCE_YOUR_CALM when the budget is spent. */
  onReset(stream: Stream): void {
    if (!this.isEarly(stream)) return
    const { floods, nowMs, stats } = this.session
    const earned = (stats.streamsSucceeded - this.seenSuccesses) * RESETS_A_SUCCESS
    this.seenSuccesses = stats.streamsSucceeded
    this.wastedStarts.refund(earned)
    floods.countReset(nowMs, earned)
    if (stream.isDispatched && !stream.isReleased) stream.isSlotCooling = !this.wastedStarts.take(nowMs)
  }

  private isEarly({ openedAtMs, deadlineAtMs }: Stream): boolean {
    const earlyMs = Math.min(EARLY_RESET_MS, (deadlineAtMs - openedAtMs) * DEADLINE_SHARE)
    return this.session.nowMs - openedAtMs < earlyMs
  }
}
