/** Finds connections that exceed an idle timeout, by periodic checks, so that busy connections cost nothing. */
import { type Clock, type ScheduledTimer, systemClock } from '../../wire/http2/http2.ts'

/** How a watch tells whether a connection is idle, and ends it. */
export interface IdleWatchInit<C> {
  /** How long a connection may be idle, in milliseconds; 0 for no limit. */
  readonly idleTimeoutMs: number
  /** Returns since when a connection is idle, by the clock; undefined if it is busy or closing. */
  idleSinceOf(connection: C): number | undefined
  /** Called at each check for a connection that has been idle for too long. */
  onIdle(connection: C): void
  /** Default: the clock of the process. */
  readonly clock?: Clock
}

/** Checks per timeout, at least one every 30 seconds. */
const CHECKS_PER_TIMEOUT = 4
const LONGEST_PAUSE_MS = 30_000

/** The connections of one front. */
export class IdleWatch<C> {
  readonly #init: IdleWatchInit<C>
  readonly #clock: Clock
  readonly #connections = new Set<C>()
  #timer: ScheduledTimer | undefined

  constructor(init: IdleWatchInit<C>) {
    this.#init = init
    this.#clock = init.clock ?? systemClock
  }

  /** All connections that were added and not deleted. */
  get connections(): Iterable<C> {
    return this.#connections
  }

  /** Adds a new connection. */
  add(connection: C): void {
    this.#connections.add(connection)
    if (this.#timer === undefined && this.#init.idleTimeoutMs > 0) this.#checkLater()
  }

  /** Removes a closed connection. */
  delete(connection: C): void {
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #checkLater(): void {
    const pauseMs = Math.min(Math.ceil(this.#init.idleTimeoutMs / CHECKS_PER_TIMEOUT), LONGEST_PAUSE_MS)
    this.#timer = this.#clock.schedule(() => this.#check(), pauseMs)
  }

  #check(): void {
    this.#checkLater()
    const { idleTimeoutMs } = this.#init
    const nowMs = this.#clock.now()
    for (const connection of this.#connections) {
      const sinceMs = this.#init.idleSinceOf(connection)
      if (sinceMs !== undefined && nowMs - sinceMs >= idleTimeoutMs) this.#init.onIdle(connection)
    }
  }
}
