/** Finds the longest-idle connections of a front. Costs nothing until the port is full. */

/** A port ends only connections that have been idle for at least this long, to make room for new ones. */
export const MAKES_ROOM_FROM_MS = 10_000

/** How a queue learns which connections are idle. */
export interface IdleQueueInit<C> {
  /** All open connections. */
  connections(): Iterable<C>
  /** Returns since when a connection is idle; undefined if it is busy or closed. */
  idleSinceOf(connection: C): number | undefined
}

/** An idle connection at the time the queue was filled. */
interface Waiting<C> {
  readonly connection: C
  readonly sinceMs: number
}

/**
 * Holds the connections that were idle when it was filled, longest first. A connection that has been used since is
 * skipped: it would now come after all of them. So finding the next one is O(1), amortized, for any number of
 * connections. An empty queue is refilled only when the idle threshold has passed since the last fill, because what
 * became idle later cannot have reached it earlier.
 */
export class IdleQueue<C> {
  readonly #init: IdleQueueInit<C>
  #waiting: readonly Waiting<C>[] = []
  #at = 0
  #filledAtMs = Number.NEGATIVE_INFINITY

  constructor(init: IdleQueueInit<C>) {
    this.#init = init
  }

  /** Returns the longest-idle connection; undefined if none has been idle long enough. */
  findLongest(nowMs: number): Waiting<C> | undefined {
    let first = this.#skipUsed()
    if (first === undefined && nowMs - this.#filledAtMs >= MAKES_ROOM_FROM_MS) {
      this.#fill(nowMs)
      first = this.#skipUsed()
    }
    return first !== undefined && nowMs - first.sinceMs >= MAKES_ROOM_FROM_MS ? first : undefined
  }

  /** Removes the connection that was found last, because it is about to end. */
  take(): void {
    this.#at += 1
  }

  /** Drops all entries. */
  clear(): void {
    this.#waiting = []
    this.#at = 0
    this.#filledAtMs = Number.NEGATIVE_INFINITY
  }

  /** Returns the first entry that is still idle; undefined if the queue is empty. */
  #skipUsed(): Waiting<C> | undefined {
    for (; this.#at < this.#waiting.length; this.#at++) {
      const first = this.#waiting[this.#at]
      if (first !== undefined && this.#init.idleSinceOf(first.connection) === first.sinceMs) return first
    }
    return undefined
  }

  #fill(nowMs: number): void {
    const waiting: Waiting<C>[] = []
    for (const connection of this.#init.connections()) {
      const sinceMs = this.#init.idleSinceOf(connection)
      if (sinceMs !== undefined) waiting.push({ connection, sinceMs })
    }
    this.#waiting = waiting.sort((a, b) => a.sinceMs - b.sinceMs)
    this.#at = 0
    this.#filledAtMs = nowMs
  }
}
