/** The health of services: set by the server, read by probes, load balancers and watchers. */

/** The health of a known service: `grpc.health.v1.HealthCheckResponse.ServingStatus` by name. */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING'

/** The name that stands for the server as a whole. */
export const WHOLE_SERVER = ''

/** The longest service name, in characters. Limits the memory that a watcher of an invented name can take. */
export const MAX_SERVICE_NAME_LENGTH = 1_024

const STATUSES: ReadonlySet<string> = new Set<ServingStatus>(['UNKNOWN', 'SERVING', 'NOT_SERVING'])

/**
 * The health of each service by its full name, and of the whole server under the name "". The whole server is SERVING
 * from the start; all others are unknown until they are set. Names match exactly.
 *
 * Between `shutdown` and `resume` changes are ignored, so that a late "I am ready" cannot undo a drain.
 */
export class HealthStatus {
  readonly #statuses = new Map<string, ServingStatus>([[WHOLE_SERVER, 'SERVING']])
  readonly #watchers = new Map<string, Set<() => void>>()
  #isShutDown = false

  /** The number of watchers of all services. */
  get watcherCount(): number {
    let count = 0
    for (const watchers of this.#watchers.values()) count += watchers.size
    return count
  }

  /** Returns the health of a service, by its full name; undefined if it is not set. */
  getStatus(service: string): ServingStatus | undefined {
    return this.#statuses.get(service)
  }

  /** Returns the current health of all services that are set. */
  listStatuses(): ReadonlyMap<string, ServingStatus> {
    return new Map(this.#statuses)
  }

  /**
   * Sets the health of a service, which need not be known.
   *
   * @throws RangeError for a name longer than MAX_SERVICE_NAME_LENGTH, and for an invalid status
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

  /** Removes a service. Checks of it then fail with NOT_FOUND, and watchers get SERVICE_UNKNOWN. */
  clearStatus(service: string): void {
    if (this.#isShutDown || !this.#statuses.delete(service)) return
    this.#notify(service)
  }

  /** Sets every service to NOT_SERVING and ignores changes until `resume`. The first step of a drain. */
  shutdown(): void {
    this.#isShutDown = true
    this.#changeAll('NOT_SERVING')
  }

  /** Sets every service to SERVING and accepts changes again. */
  resume(): void {
    this.#isShutDown = false
    this.#changeAll('SERVING')
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
