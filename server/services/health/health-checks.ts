/** The named checks of a server, and what they say about it together. */
import { type Clock, systemClock } from '../../../wire/http2/http2.ts'
import { HealthCheck, type HealthCheckFailure, type HealthCheckStatus } from './health-check.ts'
import type { HealthCheckWeight, ResolvedHealthCheck } from './health-check-options.ts'

/** Receives a line when a check begins to fail, and one when it passes again. */
export interface HealthLog {
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
}

/** One check, as probes show it: never why it fails. */
export interface HealthCheckReport {
  readonly name: string
  readonly weight: HealthCheckWeight
  readonly status: HealthCheckStatus
}

/** Adds, runs and sums up checks. */
export class HealthChecks {
  readonly #checks = new Map<string, HealthCheck>()
  readonly #logs = new Set<{ readonly log: HealthLog | undefined }>()
  readonly #onChange: () => void
  readonly #clock: Clock

  /** @param onChange called after each change of what the checks say. Must not throw. */
  constructor(onChange: () => void, clock: Clock = systemClock) {
    this.#onChange = onChange
    this.#clock = clock
  }

  /** Whether the server has to wait for a first run. */
  get isAwaited(): boolean {
    return this.#some((check) => check.isAwaited)
  }

  /** Whether a check fails that only a restart can mend. */
  get isFatal(): boolean {
    return this.#some(({ status, options }) => status === 'failing' && options.weight === 'fatal')
  }

  /** Whether the checks are being run. */
  get isRunning(): boolean {
    return this.#logs.size > 0
  }

  /** Whether a check makes a service NOT_SERVING. Checks of the whole server hold every service. */
  isHolding(service: string): boolean {
    return this.#some(
      ({ isHolding, options }) => isHolding && (options.services === undefined || options.services.has(service)),
    )
  }

  /** The checks in the order in which they were added. */
  list(): HealthCheckReport[] {
    return Array.from(this.#checks.values(), ({ name, options, status }) => ({ name, weight: options.weight, status }))
  }

  /**
   * Adds a check, and starts it if the others run.
   *
   * @returns the check
   * @throws RangeError for a name that is taken
   */
  add(name: string, options: ResolvedHealthCheck): HealthCheck {
    if (this.#checks.has(name)) throw new RangeError(`health check "${name}" exists: choose another name`)
    const check = new HealthCheck(name, options, {
      clock: this.#clock,
      onChange: (changed, before, failure) => this.#report(changed, before, failure),
    })
    this.#checks.set(name, check)
    this.#onChange()
    if (this.isRunning) check.start()
    return check
  }

  /** Stops and removes a check. */
  remove(check: HealthCheck): void {
    if (this.#checks.get(check.name) !== check) return
    check.stop()
    this.#checks.delete(check.name)
    this.#onChange()
  }

  /** Runs the checks until the returned function is called, and that of every other caller. */
  start(log: HealthLog | undefined): () => void {
    const user = { log }
    this.#logs.add(user)
    this.#onChange()
    for (const check of this.#checks.values()) check.start()
    return () => {
      if (!this.#logs.delete(user) || this.isRunning) return
      for (const check of this.#checks.values()) check.stop()
    }
  }

  /** Runs every check now. Resolves once all are decided. */
  async run(): Promise<void> {
    await Promise.all(Array.from(this.#checks.values(), (check) => check.run()))
  }

  #some(test: (check: HealthCheck) => boolean): boolean {
    for (const check of this.#checks.values()) if (test(check)) return true
    return false
  }

  #report({ name, options }: HealthCheck, before: HealthCheckStatus, failure: HealthCheckFailure | undefined): void {
    this.#onChange()
    const [log] = Array.from(this.#logs, (user) => user.log).filter((each) => each !== undefined)
    const fields = { check: name, weight: options.weight }
    if (failure !== undefined) log?.warn({ ...fields, err: failure.error }, 'health check failed')
    else if (before === 'failing') log?.info(fields, 'health check passes again')
  }
}
