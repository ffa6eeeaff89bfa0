/** Knows how long connections have been idle, at no cost while they are not: by looking now and then. */

/** How a front tells what goes on at its connections, and ends those that are idle. */
export interface IdleWatchInit<C> {
  /** How long a connection may idle before `onIdle`; 0: for ever. */
  readonly idleTimeoutMs: number
  /** A count that grows with what keeps a connection from being idle. */
  progressOf(connection: C): number
  /** Something goes on now, whatever the count says. */
  isBusy(connection: C): boolean
  /** A connection has idled for too long. */
  onIdle(connection: C): void
}

interface Look {
  progress: number
  sinceMs: number
}

/** Looks are so many to the time that a connection may idle; at most this far apart. */
const LOOKS_PER_LIMIT = 4
const LONGEST_PAUSE_MS = 30_000

/**
 * The connections of one front. One is idle since the first look that found it so: with a limit they are looked at all the
 * time, without one when somebody asks.
 */
export class IdleWatch<C> {
  readonly #init: IdleWatchInit<C>
  readonly #looks = new Map<C, Look>()
  #timer: NodeJS.Timeout | undefined

  constructor(init: IdleWatchInit<C>) {
    this.#init = init
  }

  /** Every connection that was added and not deleted. */
  get connections(): Iterable<C> {
    return this.#looks.keys()
  }

  /** A connection has come. */
  add(connection: C): void {
    const { idleTimeoutMs } = this.#init
    this.#looks.set(connection, { progress: -1, sinceMs: 0 })
    if (idleTimeoutMs === 0) return
    const pauseMs = Math.min(Math.ceil(idleTimeoutMs / LOOKS_PER_LIMIT), LONGEST_PAUSE_MS)
    this.#timer ??= setInterval(() => this.#sweep(), pauseMs).unref()
  }

  /** A connection is gone. */
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
