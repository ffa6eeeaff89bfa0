/** Those who wait for room on a connection: first come, first served. */
import { warnOfFault } from '../../../wire/http2/http2.ts'

/** What a queue asks of its connection. */
export interface CapacityOwner {
  /** There is room for a request. */
  readonly hasRoom: boolean
  /** It takes no requests any more: whoever waits is told so. */
  readonly hasLeft: boolean
}

/** The queue of one connection. Requests that find no room wait here, so that none has to be refused by the server. */
export class CapacityQueue {
  readonly #owner: CapacityOwner
  readonly #waiting = new Set<() => void>()
  #isServing = false

  constructor(owner: CapacityOwner) {
    this.#owner = owner
  }

  /** Whoever asks for room now takes it from nobody. */
  get isFree(): boolean {
    return this.#isServing || this.#waiting.size === 0
  }

  /** Calls back once there may be room, or once the connection has left. Returns a function that gives up the place. */
  wait(callback: () => void): () => void {
    // One of its own each time: the same function may wait twice.
    const own = (): void => callback()
    this.#waiting.add(own)
    if (this.#owner.hasLeft) queueMicrotask(() => this.serve())
    return () => {
      if (this.#waiting.delete(own)) this.serve()
    }
  }

  /**
   * There may be room, or the connection has left. Those who are called either make a request at once or have no use for the
   * room: then it is the next one's.
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

/** One that throws does not keep the others waiting. */
function call(callback: () => void): void {
  try {
    callback()
  } catch (thrown) {
    warnOfFault(thrown)
  }
}
