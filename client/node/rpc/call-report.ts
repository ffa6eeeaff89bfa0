/** Tells the observers of a transport how a call goes, and keeps count of what its end reports. Made for calls that are observed. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { AttemptObservation, AttemptStart, CallObservation, CallObserver } from '../../../wire/call-observer.ts'
import { type Clock, type EncodableField, headerField } from '../../../wire/http2/http2.ts'

/** What observers learn first. */
export interface ReportInit {
  readonly protocol: string
  readonly method: DescMethod
  /** `/package.Service/Method`, with what stands before it at this server. */
  readonly path: string
  readonly httpMethod: string
  /** The target of the channel as it was given. */
  readonly target: string
  /** The caller's metadata; undefined: none. */
  readonly header: Headers | undefined
}

const NO_HEADER: Headers = new Headers()

/** The sizes of a message, without its envelope: as it is on the wire, before compression, and what its body takes with it. */
export interface MessageSize {
  readonly wireBytes: number
  readonly bytes: number
  readonly bodyBytes: number
}

/** One call. */
export class CallReport {
  readonly counts = { receivedBytes: 0, sentBytes: 0, receivedMessages: 0, sentMessages: 0 }
  /** Of the last attempt that had one. */
  httpStatus: number | undefined
  /** Of the last attempt that had a connection. */
  peer = ''
  readonly #observation: CallObservation
  readonly #clock: Clock
  readonly #startedAtMs: number

  private constructor(observation: CallObservation, clock: Clock, startedAtMs: number) {
    this.#observation = observation
    this.#clock = clock
    this.#startedAtMs = startedAtMs
  }

  /** A call starts. Null: nobody wants to know of this one. */
  static start(observer: CallObserver, init: ReportInit, clock: Clock): CallReport | null {
    const startedAtMs = clock.now()
    const header = init.header ?? NO_HEADER
    const observation = observer.onStart({
      ...init,
      header,
      side: 'client',
      httpVersion: undefined,
      peer: '',
      startedAtMs,
    })
    return observation === null ? null : new CallReport(observation, clock, startedAtMs)
  }

  onResolved(delayMs: number): void {
    this.#observation.onResolved?.(delayMs)
  }

  onAttempt(kind: AttemptStart): AttemptReport {
    return new AttemptReport(this, this.#observation.onAttempt?.(kind) ?? null)
  }

  onRetryDelay(delayMs: number): void {
    this.#observation.onRetryDelay?.(delayMs)
  }

  /** The call is over; null: it went well. */
  onEnd(error: ConnectError | null): void {
    const { httpStatus, peer } = this
    const durationMs = this.#clock.now() - this.#startedAtMs
    this.#observation.onEnd({ code: error?.code, error, httpStatus, ...this.counts, durationMs, peer })
  }
}

/** One attempt. */
export class AttemptReport {
  readonly #call: CallReport
  readonly #observation: AttemptObservation | null

  constructor(call: CallReport, observation: AttemptObservation | null) {
    this.#call = call
    this.#observation = observation
  }

  /** What observers add to the head. Fields that may not go on the wire are left out. */
  get fields(): readonly EncodableField[] {
    const fields = this.#observation?.fields ?? []
    return fields.filter(({ name, value }) => headerField(name, value).fault === 0)
  }

  onPicked(peer: string, delayMs: number): void {
    this.#call.peer = peer
    this.#observation?.onPicked?.(peer, delayMs)
  }

  onSent({ wireBytes, bytes, bodyBytes }: MessageSize): void {
    const { counts } = this.#call
    counts.sentMessages += 1
    counts.sentBytes += bodyBytes
    this.#observation?.onSent?.(wireBytes, bytes)
  }

  onReceived({ wireBytes, bytes, bodyBytes }: MessageSize): void {
    const { counts } = this.#call
    counts.receivedMessages += 1
    counts.receivedBytes += bodyBytes
    this.#observation?.onReceived?.(wireBytes, bytes)
  }

  /** What protocols put behind the messages came in. */
  onEnding(bodyBytes: number): void {
    this.#call.counts.receivedBytes += bodyBytes
  }

  onEnd(error: ConnectError | null, httpStatus: number | undefined): void {
    this.#call.httpStatus = httpStatus ?? this.#call.httpStatus
    this.#observation?.onEnd(error)
  }
}
