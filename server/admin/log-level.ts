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
type Leveled = FastifyBaseLogger & {
  level: string
  readonly levels?: { readonly values: Readonly<Record<string, number>> }
}

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
    const [log, configuredLevel] = this.#first
    return { level: log.level, configuredLevel, revertsAt: this.#revertsAt }
  }

  /**
   * Sets a level.
   *
   * @param revertAfterMs after which the configured level returns. Default: never
   * @throws ConnectError INVALID_ARGUMENT for a level that the log does not have, which changes nothing; FAILED_PRECONDITION for a
   *   logger without levels
   */
  set(level: string, revertAfterMs?: number): void {
    const [{ levels }] = this.#first
    const before = Array.from(this.#configured.keys(), (log) => [log, log.level] as const)
    try {
      for (const log of this.#configured.keys()) log.level = level
    } catch {
      for (const [log, own] of before) log.level = own
      const names = [...Object.keys(levels?.values ?? {}), 'silent'].join(', ')
      throw new ConnectError(`level ${JSON.stringify(level.slice(0, 50))}: must be ${names}`, Code.InvalidArgument)
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

  /** Returns to the configured level now if it would return later, as the loggers may outlive the server. */
  close(): void {
    if (this.#timer !== undefined) this.reset()
  }

  get #first(): readonly [log: Leveled, configuredLevel: string] {
    const [first] = this.#configured
    if (first === undefined) throw new ConnectError('the logger of this server has no levels', Code.FailedPrecondition)
    return first
  }

  #cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#revertsAt = undefined
  }
}
