/** Finds connections that exceed an idle timeout, by periodic checks, so that busy connections cost nothing. */

/** How a watch tells whether a connection is idle, and ends it. */
export interface IdleWatchInit<C> {
  /** How long a connection may be idle, in milliseconds; 0 for no limit. */
  readonly idleTimeoutMs: number
  /** Returns a counter that grows with every activity. */
  progressOf(connection: C): number
  /** Returns whether there is activity now, whatever the counter says. */
  isBusy(connection: C): boolean
  /** Called for a connection that has been idle for too long. */
  onIdle(connection: C): void
}

interface Look {
  progress: number
  sinceMs: number
}

/** Checks per timeout, at least one every 30 seconds. */
const LOOKS_PER_LIMIT = 4
const LONGEST_PAUSE_MS = 30_000

/** The connections of one front. A connection counts as idle from the first check without activity. */
export class IdleWatch<C> {
  readonly #init: IdleWatchInit<C>
  readonly #looks = new Map<C, Look>()
  #timer: NodeJS.Timeout | undefined

  constructor(init: IdleWatchInit<C>) {
    this.#init = init
  }

  /** All connections that were added and not deleted. */
  get connections(): Iterable<C> {
    return this.#looks.keys()
  }

  /** Adds a new connection. */
  add(connection: C): void {
    const { idleTimeoutMs } = this.#init
    this.#looks.set(connection, { progress: -1, sinceMs: 0 })
    if (idleTimeoutMs === 0) return
    const pauseMs = Math.min(Math.ceil(idleTimeoutMs / LOOKS_PER_LIMIT), LONGEST_PAUSE_MS)
    this.#timer ??= setInterval(() => this.#sweep(), pauseMs).unref()
  }

  /** Removes a closed connection. */
  delete(connection: C): void {
    this.#looks.delete(connection)
    if (this.#looks.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #sweep(): void {
    const now = performance.now()
    for (const [connection, look] of this.#looks) {
      if (this.#look(connection, look, now) > this.#init.idleTimeoutMs) this.#init.onIdle(connection)
    }
  }

  #look(connection: C, look: Look, nowMs: number): number {
    const progress = this.#init.progressOf(connection)
    if (progress !== look.progress || this.#init.isBusy(connection)) {
      look.progress = progress
      look.sinceMs = nowMs
    }
    return nowMs - look.sinceMs
  }
}
