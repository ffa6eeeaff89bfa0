/** Divides long work on the event loop into turns, between which other work runs. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long a turn lasts, in milliseconds. */
const TURN_MS = 5

/** The turns of one piece of work. */
export class Turns {
  #startedAtMs = performance.now()

  /** Whether other work is due. */
  get isOver(): boolean {
    return performance.now() - this.#startedAtMs >= TURN_MS
  }

  /** Waits until other work has had its turn. */
  async next(): Promise<void> {
    await nextTurn()
    this.#startedAtMs = performance.now()
  }
}
