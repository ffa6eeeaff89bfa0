/** What a running server reads again on SIGHUP or on request: certificates, policy files, its log level. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'

/**
 * Reads something again. Throws, or returns false if it has logged the reason, when what it read is not valid; then what was in use
 * must stay in use.
 */
export type Reload = () => void | boolean | Promise<void> | Promise<boolean>

/** How the reload of one part ended. */
export interface ReloadOutcome {
  /** The name under which the part was added. */
  readonly name: string
  readonly isReloaded: boolean
}

/** The parts of one server that can be reloaded. */
export class Reloads {
  readonly #log: FastifyBaseLogger
  readonly #parts = new Set<{ readonly name: string; readonly reload: Reload }>()
  #last: Promise<unknown> = Promise.resolve()
  #waiting: Promise<readonly ReloadOutcome[]> | null = null

  constructor(log: FastifyBaseLogger) {
    this.#log = log
  }

  /** Whether a part of this name was added. */
  has(name: string): boolean {
    return [...this.#parts].some((part) => part.name === name)
  }

  /**
   * Adds a part.
   *
   * @param name for the log and the admin service: `certificates`, `/etc/shop/policy.json`
   * @returns a function that removes the part
   */
  add(name: string, reload: Reload): () => void {
    const part = { name, reload }
    this.#parts.add(part)
    return () => this.#parts.delete(part)
  }

  /**
   * Reloads all parts, one after the other in the order in which they were added. A part that fails is logged, and the others are
   * still reloaded. Runs do not overlap: calls during a run share one run that follows it. Never rejects.
   */
  run(): Promise<readonly ReloadOutcome[]> {
    if (this.#waiting !== null) return this.#waiting
    const run = this.#last.then(() => {
      this.#waiting = null
      return this.#reloadAll()
    })
    this.#waiting = run
    this.#last = run
    return run
  }

  async #reloadAll(): Promise<readonly ReloadOutcome[]> {
    const outcomes: ReloadOutcome[] = []
    for (const { name, reload } of this.#parts) {
      outcomes.push({ name, isReloaded: await this.#reloads(name, reload) })
    }
    this.#log.info({ parts: outcomes }, 'reloaded')
    return outcomes
  }

  async #reloads(name: string, reload: Reload): Promise<boolean> {
    try {
      return (await reload()) !== false
    } catch (error) {
      this.#log.error({ err: error, part: name }, 'reload failed: keeping what is in use')
      return false
    }
  }
}

const BY_SERVER = new WeakMap<object, Reloads>()

/** Returns the parts of a Fastify that can be reloaded. All plugins of one Fastify share them. */
export function reloadsOf({ server, log }: Pick<FastifyInstance, 'server' | 'log'>): Reloads {
  const reloads = BY_SERVER.get(server) ?? new Reloads(log)
  BY_SERVER.set(server, reloads)
  return reloads
}
