/** Finds the connections of one front that have idled longest, at no cost until somebody asks. */

/** A port makes room by ending a connection that has idled for at least this long. */
export const MAKES_ROOM_FROM_MS = 10_000

/** How a front tells which of its connections are idle. */
export interface IdleQueueInit<C> {
  /** All that are open. */
  connections(): Iterable<C>
  /** Since when a connection is idle; undefined: it is not, or it is closed. */
  idleSinceOf(connection: C): number | undefined
}

/** A connection as it was when the queue was filled. */
interface Waiting<C> {
  readonly connection: C
  readonly sinceMs: number
}

/**
 * Holds all connections that were idle when it was filled, the longest first. One that is used leaves its place, as it comes to rest
 * behind all of those. So to find the next one costs the same however many there are; and what came to rest since the queue was
 * filled has not idled long enough before that is as long ago, which is when an empty queue is filled again.
 */
export class IdleQueue<C> {
  readonly #init: IdleQueueInit<C>
  #waiting: readonly Waiting<C>[] = []
  #at = 0
  #filledAtMs = Number.NEGATIVE_INFINITY

  constructor(init: IdleQueueInit<C>) {
    this.#init = init
  }

  /** The connection that has idled longest; undefined: none has idled long enough. */
  findLongest(nowMs: number): Waiting<C> | undefined {
    let first = this.#skipUsed()
    if (first === undefined && nowMs - this.#filledAtMs >= MAKES_ROOM_FROM_MS) {
      this.#fill(nowMs)
      first = this.#skipUsed()
    }
    return first !== undefined && nowMs - first.sinceMs >= MAKES_ROOM_FROM_MS ? first : undefined
  }

  /** The connection that was found last is about to end. */
  take(): void {
    this.#at += 1
  }

  /** Keeps no connection any longer. */
  clear(): void {
    this.#waiting = []
    this.#at = 0
    this.#filledAtMs = Number.NEGATIVE_INFINITY
  }

  /** The first that is still idle; undefined: the queue is empty. */
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
