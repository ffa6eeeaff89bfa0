/** Follows the health of a server: a stream for each service, and a list now and then for those that have none. */
import { type Client, Code, ConnectError } from '@connectrpc/connect'
import { signal } from '@preact/signals'
import { sleep } from '../../../../client/core/sleep.ts'
import { watchStream } from '../../../../client/core/watch-stream.ts'
import { DEFAULT_FINAL_CODES } from '../../../../client/core/watch-stream-options.ts'
import { type Health, HealthCheckResponse_ServingStatus as Status } from '../../../../gen/health/v1/health_pb.js'
import { HealthBook } from './health-book.ts'
import type { HealthStatus } from './service-health.ts'

/** What a monitor follows. */
export interface HealthMonitorOptions {
  readonly client: Client<typeof Health>
  /** Services to ask for where the server has no list, by their names. */
  readonly services: readonly string[]
  /** How many streams it may hold open. */
  readonly maxWatches: number
  /** From one list to the next, in milliseconds. Default: 5,000. */
  readonly listIntervalMs?: number
  /** What it tells. Default: a new one. */
  readonly book?: HealthBook
}

const LIST_INTERVAL_MS = 5_000
const LIST_TIMEOUT_MS = 10_000
/** How many calls it makes at once to servers that have no list. */
const MAX_CHECKS = 2

/** A monitor. What it has learned stays when it stops. */
export class HealthMonitor {
  readonly book: HealthBook
  /** When the next attempt to reach the server is due, in milliseconds since 1970; null if none is. */
  readonly retryAtMs = signal<number | null>(null)
  /** Why the server shows nothing at all; null if it does. */
  readonly refusal = signal<ConnectError | null>(null)
  readonly #options: HealthMonitorOptions
  readonly #watched = new Set<string>()
  /** Why services cannot be watched. Lists still have their status. */
  readonly #faults = new Map<string, string>()
  #awake = new AbortController()

  constructor(options: HealthMonitorOptions) {
    this.#options = options
    this.book = options.book ?? new HealthBook()
  }

  /** Starts. Returns a function that stops it. */
  start(): () => void {
    const stopping = new AbortController()
    this.#watched.clear()
    this.#faults.clear()
    void this.#list(stopping.signal)
    return () => stopping.abort()
  }

  /** Tries to reach the server at once. */
  readonly retryNow = (): void => {
    this.#awake.abort()
    this.#awake = new AbortController()
  }

  /** Lists again and again, and starts a stream for each service that is new. */
  async #list(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      try {
        await this.#take(await this.#statuses(stopped), stopped)
        this.refusal.value = null
      } catch (reason) {
        if (stopped.aborted) return
        const error = ConnectError.from(reason)
        if (DEFAULT_FINAL_CODES.includes(error.code)) this.refusal.value = error
        else this.book.setReachable(false)
      }
      await this.#wait(this.#options.listIntervalMs ?? LIST_INTERVAL_MS, stopped)
    }
  }

  async #take(statuses: ReadonlyMap<string, HealthStatus>, stopped: AbortSignal): Promise<void> {
    if (stopped.aborted) return
    this.book.setReachable(true)
    this.book.keepOnly(new Set(statuses.keys()))
    // The whole server first: its name is empty.
    for (const [service, status] of [...statuses].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const fault = this.#faults.get(service)
      if (fault !== undefined) this.book.setStatus(service, status, 'failed', fault)
      if (this.#watched.has(service)) continue
      if (this.#watched.size >= this.#options.maxWatches) this.book.setStatus(service, status, 'polled')
      else {
        this.#watched.add(service)
        this.book.setStatus(service, status, 'connecting')
        void this.#watch(service, stopped)
      }
    }
  }

  /** The status of each service that the server lists; without a list, of each that the page knows. */
  async #statuses(signal: AbortSignal): Promise<ReadonlyMap<string, HealthStatus>> {
    const { client } = this.#options
    try {
      const { statuses } = await client.list({}, { signal, timeoutMs: LIST_TIMEOUT_MS })
      return new Map(Object.entries(statuses).map(([service, { status }]) => [service, nameOf(status)]))
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unimplemented) throw error
      return this.#checkAll(signal)
    }
  }

  /** Servers older than List (2025) have Check only. */
  async #checkAll(signal: AbortSignal): Promise<ReadonlyMap<string, HealthStatus>> {
    const found = new Map<string, HealthStatus>()
    const left = ['', ...this.#options.services]
    const check = async () => {
      for (let service = left.shift(); service !== undefined; service = left.shift()) {
        const status = await this.#check(service, signal)
        if (status !== null) found.set(service, status)
      }
    }
    await Promise.all(Array.from({ length: MAX_CHECKS }, check))
    return found
  }

  /** Null for a service that the server does not know. */
  async #check(service: string, signal: AbortSignal): Promise<HealthStatus | null> {
    try {
      const { status } = await this.#options.client.check({ service }, { signal, timeoutMs: LIST_TIMEOUT_MS })
      return nameOf(status)
    } catch (error) {
      if (ConnectError.from(error).code === Code.NotFound) return null
      throw error
    }
  }

  async #watch(service: string, stopped: AbortSignal): Promise<void> {
    const { book } = this
    try {
      const messages = watchStream(this.#options.client.watch, {
        request: { service },
        // A new stream starts with the current status.
        resumeAfter: () => undefined,
        signal: stopped,
        sleep: (delayMs, signal) => this.#wait(delayMs, signal),
        onState: (state) => {
          if (stopped.aborted) return
          book.setLink(service, state.name === 'waiting' ? 'lost' : state.name)
          if (state.name !== 'waiting') return
          book.setReachable(false)
          this.retryAtMs.value = Date.now() + state.delayMs
        },
      })
      for await (const { status } of messages) {
        this.retryAtMs.value = null
        book.setStatus(service, nameOf(status), 'live')
      }
    } catch (error) {
      if (stopped.aborted) return
      const { message } = ConnectError.from(error)
      this.#faults.set(service, message)
      book.setLink(service, 'failed', message)
    }
  }

  /** Returns early when the user asks for it. */
  #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return sleep(delayMs, AbortSignal.any([signal, this.#awake.signal]))
  }
}

function nameOf(status: Status): HealthStatus {
  switch (status) {
    case Status.SERVING:
      return 'SERVING'
    case Status.NOT_SERVING:
      return 'NOT_SERVING'
    case Status.SERVICE_UNKNOWN:
      return 'SERVICE_UNKNOWN'
    default:
      return 'UNKNOWN'
  }
}
