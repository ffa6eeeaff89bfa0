/** Limits how much work of a kind runs in one turn of the event loop, for all connections together. */
export class TurnQuota {
  readonly #quota: number
  readonly #onTurn: () => void
  #left: number
  #isTurnDue = false

  /** @param onTurn called in the turn after one that took from the quota */
  constructor(quota: number, onTurn: () => void) {
    this.#quota = quota
    this.#onTurn = onTurn
    this.#left = quota
  }

  /** Takes one unit. False if none is left in this turn; `onTurn` follows. */
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
