/** Which services are healthy: what the server itself sets, and what probes, balancers and watchers read. */

/** The health of a service that is known: `grpc.health.v1.HealthCheckResponse.ServingStatus` by name. */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING'

/** Stands for the server as a whole. */
export const WHOLE_SERVER = ''

/** The longest service name, in characters. It bounds what a watcher of a made-up name can hold. */
export const MAX_SERVICE_NAME_LENGTH = 1_024

const STATUSES: ReadonlySet<string> = new Set<ServingStatus>(['UNKNOWN', 'SERVING', 'NOT_SERVING'])

/**
 * The health of each service by its full name, and of the whole server under the name "". The whole server is SERVING
 * from the start; every other service is unknown until somebody sets it. Names match exactly.
 *
 * Between `shutdown` and `resume` changes are ignored, so that a late "I am ready" cannot undo a drain.
 */
export class HealthStatus {
  readonly #statuses = new Map<string, ServingStatus>([[WHOLE_SERVER, 'SERVING']])
  readonly #watchers = new Map<string, Set<() => void>>()
  #isShutDown = false

  /** How many watchers there are, over all services. */
  get watcherCount(): number {
    let count = 0
    for (const watchers of this.#watchers.values()) count += watchers.size
    return count
  }

  /** The health of a service, by its full name. Undefined for a service that nobody has set. */
  getStatus(service: string): ServingStatus | undefined {
    return this.#statuses.get(service)
  }

  /** All services that are set, with their health, as they are now. */
  listStatuses(): ReadonlyMap<string, ServingStatus> {
    return new Map(this.#statuses)
  }

  /**
   * Sets the health of a service, known before or not. Throws a RangeError for a name that is longer than
   * MAX_SERVICE_NAME_LENGTH and for anything that is not a status.
   */
  setStatus(service: string, status: ServingStatus): void {
    if (service.length > MAX_SERVICE_NAME_LENGTH) {
      throw new RangeError(`service must have at most ${MAX_SERVICE_NAME_LENGTH} characters, has ${service.length}`)
    }
    if (!STATUSES.has(status)) {
      throw new RangeError(`status must be one of ${[...STATUSES].join(', ')}, is ${String(status)}`)
    }
    if (!this.#isShutDown) this.#change(service, status)
  }

  /** Forgets a service: checks of it fail with NOT_FOUND, watchers learn SERVICE_UNKNOWN. */
  clearStatus(service: string): void {
    if (this.#isShutDown || !this.#statuses.delete(service)) return
    this.#notify(service)
  }

  /** Turns every service NOT_SERVING and ignores changes until `resume`. The first step of a drain. */
  shutdown(): void {
    this.#isShutDown = true
    this.#changeAll('NOT_SERVING')
  }

  /** Turns every service SERVING and accepts changes again. */
  resume(): void {
    this.#isShutDown = false
    this.#changeAll('SERVING')
  }

  /**
   * Calls `onChange` each time the health of the service changes, within the call that changes it. It gets no value
   * and must not throw: who is slow asks `getStatus` when there is time, and so sees only the latest. A service that is
   * not set can be watched. Returns the function that ends the watch; calling it again does nothing.
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

  #changeAll(status: ServingStatus): void {
    for (const service of [...this.#statuses.keys()]) this.#change(service, status)
  }

  #change(service: string, status: ServingStatus): void {
    if (this.#statuses.get(service) === status) return
    this.#statuses.set(service, status)
    this.#notify(service)
  }

  #notify(service: string): void {
    for (const onChange of [...(this.#watchers.get(service) ?? [])]) onChange()
  }
}
