/** Limits how often something is done, with room for a few at once. */
import type { Clock } from '../../wire/http2/http2.ts'
import { pause } from './pause.ts'

/** How many requests may follow each other at once. */
const BURST = 5

/** The interval between requests in the long run. */
const INTERVAL_MS = 1_000

/** Keeps a watch from asking continuously, when each answer says that something has changed. */
export class Pace {
  readonly #clock: Clock
  /** When the allowance is whole again. */
  #wholeAtMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when the next request may start, or the signal aborts: with whether it had to wait. Never rejects. */
  async turn(signal: AbortSignal): Promise<boolean> {
    const now = this.#clock.now()
    this.#wholeAtMs = Math.max(this.#wholeAtMs, now) + INTERVAL_MS
    const waitMs = this.#wholeAtMs - now - BURST * INTERVAL_MS
    if (waitMs <= 0) return false
    await pause(this.#clock, waitMs, signal)
    return true
  }
}
