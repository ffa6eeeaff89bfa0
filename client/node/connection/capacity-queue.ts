/** The requests that wait for room on a connection: first come, first served. */
import { warnOfFault } from '../../../wire/http2/http2.ts'

/** The connection of a queue. */
export interface CapacityOwner {
  /** Whether there is room for a request. */
  readonly hasRoom: boolean
  /** Whether it takes no more requests, so that waiting ones must leave. */
  readonly hasLeft: boolean
}

/** The queue of one connection. Requests wait here for room, so that the server need not refuse any. */
export class CapacityQueue {
  readonly #owner: CapacityOwner
  readonly #waiting = new Set<() => void>()
  #isServing = false

  constructor(owner: CapacityOwner) {
    this.#owner = owner
  }

  /** Whether the queue is empty, so that a new caller does not jump it. */
  get isFree(): boolean {
    return this.#isServing || this.#waiting.size === 0
  }

  /** Calls back when there may be room, or the connection takes no more requests. Returns a function that gives up the place. */
  wait(callback: () => void): () => void {
    // A new closure each time, as the same function may wait twice.
    const own = (): void => callback()
    this.#waiting.add(own)
    if (this.#owner.hasLeft) queueMicrotask(() => this.serve())
    return () => {
      if (this.#waiting.delete(own)) this.serve()
    }
  }

  /**
   * Serves the queue when there may be room, or the connection has left. A callback either sends a request immediately, or leaves the room
   * to the next.
   */
  serve(): void {
    if (this.#waiting.size === 0) return
    this.#isServing = true
    for (const callback of this.#waiting) {
      if (!this.#owner.hasLeft && !this.#owner.hasRoom) break
      this.#waiting.delete(callback)
      call(callback)
    }
    this.#isServing = false
  }
}

/** Contains errors, so that one callback does not keep the others waiting. */
function call(callback: () => void): void {
  try {
    callback()
  } catch (thrown) {
    warnOfFault(thrown)
  }
}
