/** Concurrent calls as their callers see them. */

/** The time, and the end of a turn of the event loop. */
export interface TurnSource {
  readonly now: () => number
  /** Calls back once all requests that were read in this turn have been handled, as `setImmediate` does. */
  readonly onTurnEnd: (callback: () => void) => void
}

/**
 * Counts calls. Those whose requests are read in one turn of the event loop waited for one another, even if each handler blocks the
 * loop until it is done and no two of them ever overlap. So a call that ends counts until the end of the turn: how many calls a turn
 * may admit is then a limit like any other.
 */
export class CallsInFlight {
  /** The calls in flight, with those that ended in this turn. */
  count = 0
  /** The most of them since `peak` was last set. */
  peak = 0
  readonly #source: TurnSource
  #endedInTurn = 0
  /** When the turn started; null outside of turns with calls. */
  #turnStartedAtMs: number | null = null
  #lastTurn = { endedAtMs: 0, lengthMs: 0 }
  /** How long requests that are read first in this turn have been waiting to be read, on average. */
  #lateMs = 0

  constructor(source: TurnSource) {
    this.#source = source
  }

  /**
   * Adds a call, and returns how long its request has probably waited to be read: in this turn for those before it, and in the kernel
   * for the turn before this one, during which it came at any time.
   */
  start(nowMs: number, startedAtMs: number): number {
    const turnStartedAtMs = this.#openTurn(nowMs)
    this.count += 1
    if (this.count > this.peak) this.peak = this.count
    return this.#lateMs + Math.max(0, startedAtMs - turnStartedAtMs)
  }

  /** Ends a call, at the end of the turn. */
  end(): void {
    if (this.#turnStartedAtMs === null) this.#openTurn(this.#source.now())
    this.#endedInTurn += 1
  }

  #openTurn(nowMs: number): number {
    if (this.#turnStartedAtMs !== null) return this.#turnStartedAtMs
    const { endedAtMs, lengthMs } = this.#lastTurn
    this.#lateMs = Math.max(0, lengthMs / 2 - (nowMs - endedAtMs))
    this.#turnStartedAtMs = nowMs
    this.#source.onTurnEnd(this.#closeTurn)
    return nowMs
  }

  readonly #closeTurn = (): void => {
    const endedAtMs = this.#source.now()
    this.#lastTurn = { endedAtMs, lengthMs: endedAtMs - (this.#turnStartedAtMs ?? endedAtMs) }
    this.#turnStartedAtMs = null
    this.count -= this.#endedInTurn
    this.#endedInTurn = 0
  }
}
