/** Counts what may be done within one turn of the event loop, so that other connections get theirs. */

/** Counts for all connections together. */
export class TurnQuota {
  readonly #quota: number
  readonly #onTurn: () => void
  #left: number
  #isTurnDue = false

  /** @param onTurn called in the turn behind one in which anything was taken */
  constructor(quota: number, onTurn: () => void) {
    this.#quota = quota
    this.#onTurn = onTurn
    this.#left = quota
  }

  /** Takes one. False: none is left in this turn, and `onTurn` follows. */
  take(): boolean {
    if (!this.#isTurnDue) {
      this.#isTurnDue = true
      setImmediate(() => this.#begin())
    }
    if (this.#left === 0) return false
    this.#left--
    return true
  }

  #begin(): void {
    this.#isTurnDue = false
    this.#left = this.#quota
    this.#onTurn()
  }
}
