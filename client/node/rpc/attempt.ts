/** An attempt of a call: finds a connection, sends the request by its protocol, and reads the response. */
import type { Message } from '@bufbuild/protobuf'
import { Code, type ConnectError } from '@connectrpc/connect'
import type { AttemptStart } from '../../../wire/call-observer.ts'
import type { EncodedMessage } from '../../../wire/codec/encode/message-encoder.ts'
import { BudgetedCompression } from '../../../wire/compression/budgeted-compression.ts'
import type { Compression } from '../../../wire/compression/compression.ts'
import { ENVELOPE_PREFIX_BYTES, envelopeOf } from '../../../wire/envelope.ts'
import type { MessageReader } from '../../../wire/envelope-reader.ts'
import type { EncodableField, HeaderField, MemoryBudget } from '../../../wire/http2/http2.ts'
import { userFields } from '../../../wire/user-fields.ts'
import type { PickFailure, PickWaiter } from '../channel/pick-queue.ts'
import type { PickedSubchannel } from '../contracts/picker.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import { type CredentialsSource, withCredentials } from '../credentials/call-authenticator.ts'
import { sendError, toCallError } from './call-errors.ts'
import type { AttemptReport } from './call-report.ts'
import { RequestMessage } from './compress-message.ts'

/** The call of an attempt. Receives no events of an attempt that has ended. */
export interface AttemptOwner {
  /** `/package.Service/Method`. */
  readonly path: string
  /** The metadata of the caller; undefined for none. */
  readonly header: Headers | undefined
  /** Whether to stay in the queue when a pick fails. */
  readonly waitsForReady: boolean
  /** Maximum bytes of a message, both compressed and inflated. */
  readonly maxReceiveBytes: number
  /** Whether another attempt may follow a failure. If so, a response that may still be only an error does not count as one yet. */
  readonly mayRetry: boolean
  /** Returns the time of a monotonic clock, in milliseconds. */
  nowMs(): number
  /**
   * Returns the time until the deadline, in milliseconds above 0; undefined without a deadline.
   *
   * @throws ConnectError DEADLINE_EXCEEDED once it has passed
   */
  timeLeftMs(): number | undefined
  /** Reports the start of an attempt. Returns null if it is not observed. */
  observe(kind: AttemptStart): AttemptReport | null
  /** There is a connection: send the request. @throws an error that ends the call, for example for invalid metadata */
  send(attempt: Attempt, connection: SubchannelConnection): void
  /** The response has started: the call settles on this attempt. */
  onAnswer(attempt: Attempt): void
  /** The requested part of the response can be read. */
  onReadable(attempt: Attempt): void
  /** After a `write` that returned false: there is room again. */
  onWritable(attempt: Attempt): void
  /** The attempt failed, before or during its response. */
  onFailed(attempt: Attempt, error: ConnectError, fate: AttemptFate): void
  /** Ends the call, regardless of other attempts. */
  cancel(error: ConnectError): void
}

/**
 * How far a failed attempt got: `dropped` by the balancer; `unpicked`, without credentials or a connection; `unsent`, never sent, or sent to a
 * server that was leaving; `refused`, not processed by the server; `lost`, possibly processed; `answered` by the server.
 */
export type AttemptFate = 'dropped' | 'unpicked' | 'unsent' | 'refused' | 'lost' | 'answered'

/** Creates the attempts of the calls of one method. */
export interface AttemptFactory {
  /** The fields of all heads of the method, for interceptors. Default: none. */
  readonly fields?: readonly EncodableField[]
  /** Returns the timeout field for interceptors; null if the protocol cannot express the timeout. Default: not shown. */
  shownTimeout?(timeoutMs: number): EncodableField | null
  createAttempt(owner: AttemptOwner, kind: AttemptStart): Attempt
}

/** The first attempt of a call. */
export const FIRST_ATTEMPT: AttemptStart = Object.freeze({
  previousAttempts: 0,
  isTransparentRetry: false,
  isHedge: false,
})

const USER_AGENT = 'user-agent'
const NO_HEADER: Headers = new Headers()
const NO_FIELDS: readonly EncodableField[] = Object.freeze([])

/**
 * The part that all protocols share. A protocol implements the abstract methods; one of `sendOne` and `open` is called from within
 * `AttemptOwner.send`. They must not call the owner synchronously, and do nothing after `close`.
 */
export abstract class Attempt implements PickWaiter {
  lastPickError: ConnectError | undefined
  readonly kind: AttemptStart
  /** Null if it is not observed. */
  readonly report: AttemptReport | null
  /** Whether its request was sent, at least in part. */
  isConnected = false
  /** Whether the call has settled on it. */
  hasAnswered = false
  protected readonly owner: AttemptOwner
  readonly #startedAtMs: number
  #credentials: Headers | null = null
  #picked: PickedSubchannel | null = null
  /** Aborts when the attempt ends; null without credentials. */
  #ending: AbortController | null = null
  /** Null until a compressed response is read. */
  #inflating: BudgetedCompression | null = null
  #isOver = false

  constructor(owner: AttemptOwner, kind: AttemptStart) {
    this.owner = owner
    this.kind = kind
    this.report = owner.observe(kind)
    this.#startedAtMs = this.report === null ? 0 : owner.nowMs()
  }

  /** Sends a request with exactly one message. */
  abstract sendOne(connection: SubchannelConnection, message: RequestMessage): void
  /** Starts a request whose messages follow. */
  abstract open(connection: SubchannelConnection): void
  /** Sends a message. Returns false when the queue is full; `onWritable` follows. */
  abstract write(message: RequestMessage): boolean
  /** As `write`, for a message that is not compressed and sent once: its octets may be reused afterwards. */
  writeEncoded(message: EncodedMessage): boolean {
    return this.write(new RequestMessage(envelopeOf(message), false, message.end - message.start))
  }

  /** Ends the request. */
  abstract endInput(): void
  /** Bytes sent of the body. When the replay buffer is full, the hedge that has sent the most is kept. */
  abstract readonly sentBytes: number

  /** For one message: requests the whole response. `onReadable` follows, once. */
  abstract readAll(): void
  /** Takes the only message, after `readStatus` returned null. @throws ConnectError, or rejects with it, for any other number */
  abstract takeOnly(): Message | Promise<Message>
  /** For a stream: reads the response, from `onAnswer` on. `onReadable` follows a `poll` that returned false. */
  abstract createReader(): MessageReader<Message>
  /** Returns the error at the end of the response, after all messages were read; null for OK. */
  abstract readStatus(): ConnectError | null

  /** The header of the response. */
  abstract readonly headers: readonly ResponseField[]
  /** The trailers of the response, even if it is only an error. Null without trailers. */
  abstract readonly trailers: readonly HeaderField[] | null
  /** The HTTP status; undefined before the response. */
  abstract readonly httpStatus: number | undefined

  /** Ends the request, and resets it unless it is complete. Called once. */
  protected abstract close(): void

  get path(): string {
    return this.owner.path
  }

  get requestHeader(): Headers {
    return this.owner.header ?? NO_HEADER
  }

  get waitsForReady(): boolean {
    return this.owner.waitsForReady
  }

  /** Whether its credentials are being created. */
  get isAuthenticating(): boolean {
    return this.#ending !== null
  }

  /** Creates its credentials. Returns false if the attempt has ended; the owner knows of a failure. */
  async authenticate(source: CredentialsSource): Promise<boolean> {
    const ending = new AbortController()
    this.#ending = ending
    try {
      this.#credentials = await source(ending.signal)
    } catch (thrown) {
      if (!this.#isOver) this.owner.onFailed(this, toCallError(thrown, Code.Unauthenticated), 'unpicked')
    }
    this.#ending = null
    return !this.#isOver
  }

  onPicked(connection: SubchannelConnection, picked: PickedSubchannel): void {
    const { owner } = this
    try {
      this.report?.onPicked(connection.peer, owner.nowMs() - this.#startedAtMs)
      this.isConnected = true
      owner.send(this, connection)
      // The call may have ended meanwhile, through the caller's own messages.
      if (this.#isOver) return
      this.#picked = picked
      picked.subchannel.calls.begin(owner.nowMs())
      picked.onStart?.()
    } catch (error) {
      owner.cancel(sendError(error))
    }
  }

  onPickFailed(error: ConnectError, { isDrop }: PickFailure): void {
    this.owner.onFailed(this, error, isDrop ? 'dropped' : 'unpicked')
  }

  /**
   * Ends the attempt, and resets an incomplete request. Does nothing if it has ended.
   *
   * @param error null for a success
   * @param isAbandoned whether our side has abandoned it, which says nothing about the server. Default: false
   */
  end(error: ConnectError | null, isAbandoned = false): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ending?.abort(error ?? undefined)
    this.#inflating?.stop()
    this.#inflating?.release()
    this.close()
    this.#picked?.subchannel.calls.end(error === null)
    this.#picked?.onEnd?.({ error, trailers: this.trailers, isAbandoned })
    this.report?.onEnd(error, this.httpStatus)
  }

  /** For the protocol: whether the attempt has ended, so that the owner must not be called. */
  protected get isOver(): boolean {
    return this.#isOver
  }

  /** For the protocol: reports a sent message. @param bodyBytes its bytes in the body, including an envelope */
  protected sent({ wireBytes, plainBytes }: RequestMessage, bodyBytes: number): void {
    this.report?.onSent({ wireBytes, bytes: plainBytes, bodyBytes })
  }

  /** For the protocol: as `sent`. Called after the octets were written, as an observer may encode a message, which reuses their buffer. */
  protected sentEncoded({ start, end }: EncodedMessage): void {
    if (this.report === null) return
    const bytes = end - start
    this.report.onSent({ wireBytes: bytes, bytes, bodyBytes: ENVELOPE_PREFIX_BYTES + bytes })
  }

  /** For the protocol: returns the compression for its response, which takes turns with others of the subchannel; null for none. */
  protected inflating(compression: Compression | null, budget: MemoryBudget): Compression | null {
    if (compression === null) return null
    const line = this.#picked?.subchannel ?? this
    this.#inflating ??= new BudgetedCompression(compression, { side: 'client', budget, line })
    return this.#inflating
  }

  /** For the protocol: reports the start of the response. */
  protected answer(): void {
    this.hasAnswered = true
    this.owner.onAnswer(this)
  }

  /**
   * Returns the fields of the head: those of the protocol, followed by those that differ between attempts. Returns `fixed` itself if there are
   * none.
   *
   * @param timeoutField returns the timeout field; null if the protocol cannot express the timeout
   * @throws TypeError for invalid metadata; ConnectError once the deadline has passed
   */
  protected headFields(
    fixed: readonly EncodableField[],
    timeoutField: (timeoutMs: number) => EncodableField | null,
  ): readonly EncodableField[] {
    const { owner, kind, report } = this
    const timeoutMs = owner.timeLeftMs()
    const header = withCredentials(owner.header, this.#credentials)
    const metadata = header === undefined ? NO_FIELDS : userFields(header)
    const added = report === null ? NO_FIELDS : report.fields
    const isPlain = metadata.length + added.length === 0 && header?.has(USER_AGENT) !== true
    if (timeoutMs === undefined && kind.previousAttempts === 0 && isPlain) return fixed
    const fields = withUserAgent(fixed, header?.get(USER_AGENT) ?? null)
    const timeout = timeoutMs === undefined ? null : timeoutField(timeoutMs)
    if (timeout !== null) fields.push(timeout)
    if (kind.previousAttempts > 0) {
      fields.push({ name: 'grpc-previous-rpc-attempts', value: String(kind.previousAttempts) })
    }
    for (const field of metadata) if (!isReplaced(field, added)) fields.push(field)
    fields.push(...added)
    return fields
  }
}

/** Prefixes the caller's own user agent, as in gRPC. */
function withUserAgent(fixed: readonly EncodableField[], own: string | null): EncodableField[] {
  if (own === null || own === '') return [...fixed]
  if (!/^[ -~]*$/.test(own)) throw new TypeError('metadata user-agent: the value is not printable ASCII')
  return fixed.map((field) =>
    field.name === USER_AGENT ? { name: USER_AGENT, value: `${own} ${field.value}` } : field,
  )
}

/** A received field; `HeaderField` is one. */
export interface ResponseField {
  /** In lower case. */
  readonly name: string
  readonly value: string
}

/** Whether a field of the attempt, such as its `traceparent`, replaces the caller's. */
function isReplaced({ name }: EncodableField, added: readonly EncodableField[]): boolean {
  return added.some((field) => field.name === name)
}
