/** Changes the level of a server's log while it runs. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyBaseLogger } from 'fastify'
import { type Clock, type ScheduledTimer, systemClock } from '../../wire/http2/http2.ts'

/** The level in effect. */
export interface LogLevelState {
  readonly level: string
  readonly configuredLevel: string
  /** When the configured level returns; undefined if it is in effect, or does not return automatically. */
  readonly revertsAt: Date | undefined
}

/** A logger with levels, such as pino's. */
type Leveled = FastifyBaseLogger & { level: string }

/** Changes all loggers of a server together. Loggers that a program has made from them before keep their level. */
export class LogLevel {
  /** The configured level of each logger. */
  readonly #configured: ReadonlyMap<Leveled, string>
  readonly #clock: Clock
  #timer: ScheduledTimer | undefined
  #revertsAt: Date | undefined

  /** @param logs the log of the server first */
  constructor(logs: Iterable<FastifyBaseLogger>, clock: Clock = systemClock) {
    const leveled = [...logs].filter((log): log is Leveled => typeof log.level === 'string')
    this.#configured = new Map(leveled.map((log) => [log, log.level]))
    this.#clock = clock
  }

  /** @throws ConnectError FAILED_PRECONDITION for a logger without levels */
  get state(): LogLevelState {
    const [first] = this.#configured
    if (first === undefined) throw new ConnectError('the logger of this server has no levels', Code.FailedPrecondition)
    return { level: first[0].level, configuredLevel: first[1], revertsAt: this.#revertsAt }
  }

  /**
   * Sets a level.
   *
   * @param revertAfterMs after which the configured level returns. Default: never
   * @throws ConnectError INVALID_ARGUMENT for a level that the log does not have, which changes nothing
   */
  set(level: string, revertAfterMs?: number): void {
    const before = this.state.level
    try {
      for (const log of this.#configured.keys()) log.level = level
    } catch {
      for (const log of this.#configured.keys()) log.level = before
      throw new ConnectError(
        `level ${JSON.stringify(level.slice(0, 50))}: must be ${this.#names()}`,
        Code.InvalidArgument,
      )
    }
    this.#cancel()
    if (revertAfterMs === undefined) return
    this.#revertsAt = new Date(Date.now() + revertAfterMs)
    this.#timer = this.#clock.schedule(() => this.reset(), revertAfterMs)
  }

  /** Returns to the configured level. */
  reset(): void {
    this.#cancel()
    for (const [log, level] of this.#configured) log.level = level
  }

  /** Stops the timer. */
  close(): void {
    this.#cancel()
  }

  #cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#revertsAt = undefined
  }

  #names(): string {
    const [first] = this.#configured.keys()
    const { levels } = first as { readonly levels?: { readonly values: Readonly<Record<string, number>> } }
    return [...Object.keys(levels?.values ?? {}), 'silent'].join(', ')
  }
}
