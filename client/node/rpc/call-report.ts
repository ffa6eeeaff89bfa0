/** Reports the events of an observed call to the observers of its transport, and counts what its end reports. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { AttemptObservation, AttemptStart, CallObservation, CallObserver } from '../../../wire/call-observer.ts'
import { type Clock, type EncodableField, headerField } from '../../../wire/http2/http2.ts'

/** The facts at the start of a call. */
export interface ReportInit {
  readonly protocol: string
  readonly method: DescMethod
  /** `/package.Service/Method`, after the path prefix. */
  readonly path: string
  readonly httpMethod: string
  /** The target of the channel as given. */
  readonly target: string
  /** The caller's metadata; undefined for none. */
  readonly header: Headers | undefined
  /** The caller's label; undefined for none. */
  readonly label: string | undefined
}

const NO_HEADER: Headers = new Headers()

/** The sizes of a message: on the wire and before compression, without its envelope, and its octets in the body. */
export interface MessageSize {
  readonly wireBytes: number
  readonly bytes: number
  readonly bodyBytes: number
}

/** The report of one call. */
export class CallReport {
  readonly counts = { receivedBytes: 0, sentBytes: 0, receivedMessages: 0, sentMessages: 0 }
  /** The status of the last attempt that had one. */
  httpStatus: number | undefined
  /** The peer of the last attempt that had a connection. */
  peer = ''
  readonly #observation: CallObservation
  readonly #clock: Clock
  readonly #startedAtMs: number

  private constructor(observation: CallObservation, clock: Clock, startedAtMs: number) {
    this.#observation = observation
    this.#clock = clock
    this.#startedAtMs = startedAtMs
  }

  /** Starts the report of a call. Returns null if no observer is interested. */
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

  /** Reports the end. `error` is null for a success. */
  onEnd(error: ConnectError | null): void {
    const { httpStatus, peer } = this
    const durationMs = this.#clock.now() - this.#startedAtMs
    this.#observation.onEnd({ code: error?.code, error, httpStatus, ...this.counts, durationMs, peer })
  }
}

/** The report of one attempt. */
export class AttemptReport {
  readonly #call: CallReport
  readonly #observation: AttemptObservation | null

  constructor(call: CallReport, observation: AttemptObservation | null) {
    this.#call = call
    this.#observation = observation
  }

  /** The fields that observers add to the head, without invalid ones. */
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

  /** Counts the octets after the messages, such as trailers in the body. */
  onEnding(bodyBytes: number): void {
    this.#call.counts.receivedBytes += bodyBytes
  }

  onEnd(error: ConnectError | null, httpStatus: number | undefined): void {
    this.#call.httpStatus = httpStatus ?? this.#call.httpStatus
    this.#observation?.onEnd(error)
  }
}
