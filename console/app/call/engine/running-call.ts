/** A call that a protocol carries, recorded as it goes. */
import type { Message, Registry } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { CallInit, CallState, CallStatus, Fields, LiveCall, TimelineEntry } from '../../contracts/live-call.ts'
import { BoundedTimeline, type EntryContent } from './bounded-timeline.ts'
import { type CallCounts, NO_COUNTS } from './call-counts.ts'
import { callHeaders } from './call-headers.ts'
import { failedStatus, okStatus } from './call-status.ts'
import type { CallObserver, Carrier } from './carrier.ts'
import { KeptOctets } from './kept-octets.ts'
import { takesOneRequest } from './method-kind.ts'
import { RateSeries } from './rate-series.ts'
import { RequestQueue } from './request-queue.ts'

/** What a call needs besides its `CallInit`. */
export interface CallSetting {
  /** What precedes the paths of all methods. Ends without a slash. */
  readonly baseUrl: string
  readonly registry: Registry
  /** The headers of the credentials. They go with the call, and are not part of its `init`. */
  readonly credentials: Fields
  /** Calls `update` soon, and once however often it is asked to: once per frame in a page. */
  readonly schedule: (update: () => void) => void
}

let calls = 0

/** A call from its start to its end. */
export class RunningCall implements LiveCall {
  /** Tells calls of the page apart. */
  readonly id: number
  readonly startedAt = new Date()
  readonly init: CallInit
  /** Resolves when the call has ended; never rejects. */
  readonly ended: Promise<CallStatus>
  readonly requestBody = new KeptOctets()
  readonly responseBody = new KeptOctets()
  /** Messages and octets per second, of both directions. */
  readonly rates = new RateSeries()
  readonly #state: Signal<CallState> = signal('open')
  readonly #timeline: Signal<readonly TimelineEntry[]> = signal([])
  readonly #counts: Signal<CallCounts> = signal(NO_COUNTS)
  readonly #headers: Signal<Fields | null> = signal(null)
  readonly #trailers: Signal<Fields> = signal([])
  readonly #status: Signal<CallStatus | null> = signal(null)
  readonly #startedMs = performance.now()
  readonly #entries = new BoundedTimeline()
  readonly #requests = new RequestQueue()
  readonly #abort = new AbortController()
  readonly #setting: CallSetting
  #current: CallCounts = NO_COUNTS
  #httpStatus: number | null = null
  #isUpdateDue = false

  constructor(init: CallInit, setting: CallSetting, carrier: Carrier) {
    calls += 1
    this.id = calls
    this.init = init
    this.#setting = setting
    this.ended = this.#run(carrier)
  }

  get state(): ReadonlySignal<CallState> {
    return this.#state
  }

  get timeline(): ReadonlySignal<readonly TimelineEntry[]> {
    return this.#timeline
  }

  /** As of the last frame. */
  get counts(): ReadonlySignal<CallCounts> {
    return this.#counts
  }

  /** The headers of the response; null until they arrive. */
  get headers(): ReadonlySignal<Fields | null> {
    return this.#headers
  }

  get trailers(): ReadonlySignal<Fields> {
    return this.#trailers
  }

  /** Null until the call has ended. */
  get status(): ReadonlySignal<CallStatus | null> {
    return this.#status
  }

  /** Returns the time since the call started. */
  elapsedMs(): number {
    return performance.now() - this.#startedMs
  }

  async send(message: Message): Promise<void> {
    const taken = this.#requests.send(message)
    if (takesOneRequest(this.init.method)) this.#closeRequests()
    await taken
  }

  halfClose(): void {
    if (this.#state.value !== 'open') return
    this.#closeRequests()
    this.#add({ kind: 'half-close' })
  }

  cancel(): void {
    if (this.#state.value === 'ended') return
    const reason = new ConnectError('you cancelled the call, or left its page', Code.Canceled)
    this.#abort.abort(reason)
    this.#requests.fail(reason)
  }

  #closeRequests(): void {
    this.#requests.close()
    if (this.#state.value === 'open') this.#state.value = 'half-closed'
  }

  async #run(carrier: Carrier): Promise<CallStatus> {
    const status = await this.#carry(carrier).then(
      () => okStatus(this.#httpStatus),
      (reason) => failedStatus(this.#failure(reason), this.#httpStatus, this.#setting.registry),
    )
    this.#end(status)
    return status
  }

  async #carry(carrier: Carrier): Promise<void> {
    const { method, usesGet, timeoutMs, headers } = this.init
    const { baseUrl, registry, credentials } = this.#setting
    await carrier.carry({
      method,
      baseUrl,
      registry,
      usesGet,
      timeoutMs,
      headers: callHeaders(credentials, headers),
      signal: this.#abort.signal,
      requests: this.#requests,
      observer: this.#observer(),
    })
  }

  /** Transports may report that the signal aborted in words of their own. */
  #failure(reason: unknown): unknown {
    return this.#abort.signal.aborted ? this.#abort.signal.reason : reason
  }

  #end(status: CallStatus): void {
    this.#current = { ...this.#current, endMs: this.elapsedMs() }
    this.#status.value = status
    this.#state.value = 'ended'
    this.#requests.fail(new Error(`the call has ended: ${status.code}`))
    this.#add({ kind: 'end', status })
    this.#publish()
  }

  #observer(): CallObserver {
    return {
      onSent: (message, sizeBytes) => this.#onMessage('sent', message, sizeBytes),
      onReceived: (message, sizeBytes) => this.#onMessage('received', message, sizeBytes),
      onRequestBody: (octets) => {
        this.requestBody.add(octets)
        this.#count({ requestBodyBytes: this.requestBody.totalBytes })
      },
      onResponseBody: (octets) => {
        this.responseBody.add(octets)
        this.#count({ responseBodyBytes: this.responseBody.totalBytes })
      },
      onResponseHead: (httpStatus, headers) => {
        this.#httpStatus = httpStatus
        this.#headers.value = headers
        this.#add({ kind: 'headers', fields: headers })
      },
      onTrailers: (trailers) => {
        this.#trailers.value = trailers
        if (trailers.length > 0) this.#add({ kind: 'trailers', fields: trailers })
      },
    }
  }

  #onMessage(direction: 'sent' | 'received', message: Message, sizeBytes: number): void {
    const { sent, received, sentBytes, receivedBytes, firstMessageMs } = this.#current
    const atMs = this.elapsedMs()
    this.rates.add(direction, atMs, sizeBytes)
    if (direction === 'sent') {
      this.#count({ sent: sent + 1, sentBytes: sentBytes + sizeBytes })
      this.#add({ kind: 'message', direction, sequence: sent + 1, sizeBytes, message })
      return
    }
    this.#count({
      received: received + 1,
      receivedBytes: receivedBytes + sizeBytes,
      firstMessageMs: firstMessageMs ?? atMs,
    })
    this.#add({ kind: 'message', direction, sequence: received + 1, sizeBytes, message })
  }

  #add(content: EntryContent): void {
    this.#entries.add(content, this.elapsedMs())
    this.#scheduleUpdate()
  }

  #count(counts: Partial<CallCounts>): void {
    this.#current = { ...this.#current, ...counts }
    this.#scheduleUpdate()
  }

  #scheduleUpdate(): void {
    if (this.#isUpdateDue) return
    this.#isUpdateDue = true
    this.#setting.schedule(() => this.#publish())
  }

  #publish(): void {
    this.#isUpdateDue = false
    this.#counts.value = { ...this.#current, dropped: this.#entries.dropped }
    this.#timeline.value = this.#entries.snapshot()
  }
}
