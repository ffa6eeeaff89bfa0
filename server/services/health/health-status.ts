/** The health of services: set by the server and its checks, read by probes, load balancers and watchers. */
import type { Clock } from '../../../wire/http2/http2.ts'
import { type HealthCheckOptions, normalizeHealthCheck } from './health-check-options.ts'
import { type HealthCheckReport, HealthChecks, type HealthLog } from './health-checks.ts'

/** The health of a known service: `grpc.health.v1.HealthCheckResponse.ServingStatus` by name. */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING'

/** The name that stands for the server as a whole. */
export const WHOLE_SERVER = ''

/** The longest service name, in characters. Limits the memory that a watcher of an invented name can take. */
export const MAX_SERVICE_NAME_LENGTH = 1_024

const STATUSES: ReadonlySet<string> = new Set<ServingStatus>(['UNKNOWN', 'SERVING', 'NOT_SERVING'])

/** Receives what a program sets; null removes a service. Must not throw. */
export type HealthObserver = (service: string, status: ServingStatus | null) => void

/** The options of {@link HealthStatus}. */
export interface HealthStatusOptions {
  /** The clock of the checks. Default: the clock of the process. */
  readonly clock?: Clock
}

/**
 * The health of each service by its full name, and of the whole server under the name "". The whole server is SERVING
 * from the start; all others are unknown until they are set. Names match exactly.
 *
 * The status of a service is what was set, except that it is NOT_SERVING while a check that it depends on fails, and between
 * `shutdown` and `resume`: a late "I am ready" cannot undo a drain.
 */
export class HealthStatus {
  readonly #set = new Map<string, ServingStatus>([[WHOLE_SERVER, 'SERVING']])
  /** What checks, watchers and probes see. */
  readonly #shown = new Map<string, ServingStatus>([[WHOLE_SERVER, 'SERVING']])
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #checks: HealthChecks
  readonly #observers = new Set<HealthObserver>()
  #isShutDown = false
  #hasStarted = false

  constructor({ clock }: HealthStatusOptions = {}) {
    this.#checks = new HealthChecks(() => this.#refreshAll(), clock)
  }

  /** The number of watchers of all services. */
  get watcherCount(): number {
    let count = 0
    for (const watchers of this.#watchers.values()) count += watchers.size
    return count
  }

  /** Whether a restart would not help: false while a `fatal` check fails. A drain does not change it. */
  get isLive(): boolean {
    return !this.#checks.isFatal
  }

  /** Whether start-up is over: every check that it waits for has run. Stays true. */
  get isStarted(): boolean {
    return this.#hasStarted || !this.#checks.isAwaited
  }

  /** Whether the server should get traffic: it has started, and the whole server is SERVING. */
  get isReady(): boolean {
    return this.isStarted && this.#shown.get(WHOLE_SERVER) === 'SERVING'
  }

  /** Returns the health of a service, by its full name; undefined if it is not set. */
  getStatus(service: string): ServingStatus | undefined {
    return this.#shown.get(service)
  }

  /** Returns the current health of all services that are set. */
  listStatuses(): ReadonlyMap<string, ServingStatus> {
    return new Map(this.#shown)
  }

  /**
   * Sets the health of a service, which need not be known.
   *
   * @throws RangeError for a name longer than MAX_SERVICE_NAME_LENGTH, and for an invalid status
   */
  setStatus(service: string, status: ServingStatus): void {
    assertName(service)
    if (!STATUSES.has(status)) {
      throw new RangeError(`status must be one of ${[...STATUSES].join(', ')}, is ${String(status)}`)
    }
    if (this.#isShutDown) return
    this.#set.set(service, status)
    this.#refresh(service)
    for (const observe of this.#observers) observe(service, status)
  }

  /** Removes a service. Checks of it then fail with NOT_FOUND, and watchers get SERVICE_UNKNOWN. */
  clearStatus(service: string): void {
    if (this.#isShutDown || !this.#set.delete(service)) return
    this.#shown.delete(service)
    this.#notify(service)
    for (const observe of this.#observers) observe(service, null)
  }

  /** Sets every service to NOT_SERVING and ignores changes until `resume`. The first step of a drain. */
  shutdown(): void {
    this.#isShutDown = true
    this.#refreshAll()
  }

  /** Sets every service to SERVING, except where a check fails, and accepts changes again. */
  resume(): void {
    this.#isShutDown = false
    for (const service of this.#set.keys()) this.#set.set(service, 'SERVING')
    this.#refreshAll()
  }

  /**
   * Adds a named check, which runs as long as a server does that uses this registry.
   *
   *     health.addCheck('database', { check: (signal) => pool.query({ text: 'select 1', signal }) })
   *
   * @param name letters, digits and `. _ - : /`, at most 100; shown by probes that are asked for details
   * @returns a function that removes the check
   * @throws RangeError for options that are not valid and for a name that is taken
   */
  addCheck(name: string, options: HealthCheckOptions): () => void {
    const resolved = normalizeHealthCheck(name, options)
    const services = [...(resolved.services ?? [])]
    services.forEach(assertName)
    const check = this.#checks.add(name, resolved)
    for (const service of services) if (!this.#set.has(service)) this.setStatus(service, 'SERVING')
    return () => this.#checks.remove(check)
  }

  /** Returns the checks, in the order in which they were added. */
  listChecks(): readonly HealthCheckReport[] {
    return this.#checks.list()
  }

  /** Runs every check now, or joins its run in progress. Resolves once all have passed or failed. */
  runChecks(): Promise<void> {
    return this.#checks.run()
  }

  /**
   * Starts the checks, as `createApp`, `serve` and the plugin do once a server is ready.
   *
   * @param log receives a line each time a check begins to fail or passes again. Default: none
   * @returns a function that stops them, unless another server still uses them
   */
  startChecks(log?: HealthLog): () => void {
    return this.#checks.start(log)
  }

  /**
   * Calls `onChange` synchronously on each change of a service, which need not be set. It gets no value and must not
   * throw: a slow watcher reads `getStatus` later, and so sees only the latest. Returns the function that ends the
   * watch, which may be called again.
   */
  watch(service: string, onChange: () => void): () => void {
    const watchers = this.#watchers.get(service) ?? new Set()
    this.#watchers.set(service, watchers)
    const watcher = () => onChange()
    watchers.add(watcher)
    return () => {
      if (watchers.delete(watcher) && watchers.size === 0) this.#watchers.delete(service)
    }
  }

  /** Calls `observe` after each `setStatus` and `clearStatus` that is not ignored. Returns the function that ends it. */
  observeChanges(observe: HealthObserver): () => void {
    this.#observers.add(observe)
    return () => {
      this.#observers.delete(observe)
    }
  }

  #refreshAll(): void {
    this.#hasStarted ||= this.#checks.isRunning && !this.#checks.isAwaited
    for (const service of [...this.#set.keys()]) this.#refresh(service)
  }

  #refresh(service: string): void {
    const status = this.#isHeld(service) ? 'NOT_SERVING' : this.#set.get(service)
    if (status === undefined || this.#shown.get(service) === status) return
    this.#shown.set(service, status)
    this.#notify(service)
  }

  #isHeld(service: string): boolean {
    if (this.#isShutDown || this.#checks.isHolding(service)) return true
    return service === WHOLE_SERVER && !this.isStarted
  }

  #notify(service: string): void {
    for (const onChange of [...(this.#watchers.get(service) ?? [])]) onChange()
  }
}

function assertName(service: string): void {
  if (service.length > MAX_SERVICE_NAME_LENGTH) {
    throw new RangeError(`service must have at most ${MAX_SERVICE_NAME_LENGTH} characters, has ${service.length}`)
  }
}
