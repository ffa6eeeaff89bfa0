/** One try of a call: finds a connection, sends the request by some protocol, and reads the answer. */
import type { Message } from '@bufbuild/protobuf'
import { Code, type ConnectError } from '@connectrpc/connect'
import type { AttemptStart } from '../../../wire/call-observer.ts'
import { BudgetedCompression } from '../../../wire/compression/budgeted-compression.ts'
import type { Compression } from '../../../wire/compression/compression.ts'
import type { MessageReader } from '../../../wire/envelope-reader.ts'
import type { EncodableField, HeaderField, MemoryBudget } from '../../../wire/http2/http2.ts'
import { userFields } from '../../../wire/user-fields.ts'
import type { PickFailure, PickWaiter } from '../channel/pick-queue.ts'
import type { PickedSubchannel } from '../contracts/picker.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import { type CredentialsSource, withCredentials } from '../credentials/call-authenticator.ts'
import { sendError, toCallError } from './call-errors.ts'
import type { AttemptReport } from './call-report.ts'
import type { RequestMessage } from './compress-message.ts'

/** The call that an attempt belongs to. It hears no more of an attempt that is over. */
export interface AttemptOwner {
  /** `/package.Service/Method`. */
  readonly path: string
  /** The metadata of the caller; undefined: none. */
  readonly header: Headers | undefined
  /** Stay in the queue while picks fail. */
  readonly waitsForReady: boolean
  /** Bytes of a message, before and after inflating. */
  readonly maxReceiveBytes: number
  /** Another attempt may follow if this one fails: what may still turn out to be an error is no answer yet. */
  readonly mayRetry: boolean
  /** Milliseconds, on a clock that never goes back. */
  nowMs(): number
  /**
   * What is left of the deadline, in milliseconds above 0; undefined: there is none.
   *
   * @throws ConnectError DEADLINE_EXCEEDED once it has passed
   */
  timeLeftMs(): number | undefined
  /** An attempt starts. Null: nobody observes it. */
  observe(kind: AttemptStart): AttemptReport | null
  /** There is a connection: send the request. @throws what ends the call, as metadata that may not go on the wire */
  send(attempt: Attempt, connection: SubchannelConnection): void
  /** An answer has begun: the call settles on this attempt. */
  onAnswer(attempt: Attempt): void
  /** What was asked for of the answer can be read. */
  onReadable(attempt: Attempt): void
  /** After a `write` that returned false: there is room again. */
  onWritable(attempt: Attempt): void
  /** It failed, before an answer or within it. */
  onFailed(attempt: Attempt, error: ConnectError, fate: AttemptFate): void
  /** The call cannot go on, whatever other attempts do. */
  cancel(error: ConnectError): void
}

/**
 * How far a failed attempt had come: `dropped` on purpose by the balancer; `unpicked`, without credentials or a connection; `unsent`,
 * it never left us, or met a server that was leaving; `refused`, the server is known not to have looked at it; `lost`, nobody knows; `answered` by the server.
 */
export type AttemptFate = 'dropped' | 'unpicked' | 'unsent' | 'refused' | 'lost' | 'answered'

/** Makes the attempts of the calls of one method. */
export interface AttemptFactory {
  /** The fields that all heads of the method have in common, for interceptors to see. Default: none are shown. */
  readonly fields?: readonly EncodableField[]
  /** The deadline as interceptors see it, before any of it has passed; null: the protocol cannot say so much. Default: unshown. */
  shownTimeout?(timeoutMs: number): EncodableField | null
  createAttempt(owner: AttemptOwner, kind: AttemptStart): Attempt
}

/** The attempt that a call begins with. */
export const FIRST_ATTEMPT: AttemptStart = Object.freeze({
  previousAttempts: 0,
  isTransparentRetry: false,
  isHedge: false,
})

const USER_AGENT = 'user-agent'
const NO_HEADER: Headers = new Headers()
const NO_FIELDS: readonly EncodableField[] = Object.freeze([])

/**
 * What all protocols have in common. A protocol implements what is abstract; of the request it is told by one of `sendOne` and
 * `open`, from within `AttemptOwner.send`. None of these may call the owner before it returns, and none does anything once `close`
 * was called.
 */
export abstract class Attempt implements PickWaiter {
  lastPickError: ConnectError | undefined
  readonly kind: AttemptStart
  /** Null: nobody observes it. */
  readonly report: AttemptReport | null
  /** Its request was sent, at least in part. */
  isConnected = false
  /** The call has settled on it. */
  hasAnswered = false
  protected readonly owner: AttemptOwner
  readonly #startedAtMs: number
  #credentials: Headers | null = null
  #picked: PickedSubchannel | null = null
  /** Aborts when it is over; null unless credentials are made. */
  #ending: AbortController | null = null
  /** Null until a compressed answer is read. */
  #inflating: BudgetedCompression | null = null
  #isOver = false

  constructor(owner: AttemptOwner, kind: AttemptStart) {
    this.owner = owner
    this.kind = kind
    this.report = owner.observe(kind)
    this.#startedAtMs = this.report === null ? 0 : owner.nowMs()
  }

  /** Sends a request that consists of one message. */
  abstract sendOne(connection: SubchannelConnection, message: RequestMessage): void
  /** Starts a request whose messages follow. */
  abstract open(connection: SubchannelConnection): void
  /** Sends one of them. False: enough for now, `onWritable` follows. */
  abstract write(message: RequestMessage): boolean
  /** There are no more. */
  abstract endInput(): void
  /** Bytes of the body that have been sent: of hedges, the one that has sent most is kept when no more can be kept for others. */
  abstract readonly sentBytes: number

  /** For one message: asks for the whole answer. `onReadable` follows, once. */
  abstract readAll(): void
  /** Takes that message, after `readStatus` returned null. @throws ConnectError, or rejects with it, for anything else */
  abstract takeOnly(): Message | Promise<Message>
  /** For many: reads the answer as it comes, from `onAnswer` on; `onReadable` follows a `poll` that returned false. */
  abstract createReader(): MessageReader<Message>
  /** All messages have been read: the error that the answer ends with; null: none. */
  abstract readStatus(): ConnectError | null

  /** The fields that the answer began with. */
  abstract readonly headers: readonly ResponseField[]
  /** The fields that the answer ended with, also of one that is an error and nothing else. Null: none came. */
  abstract readonly trailers: readonly HeaderField[] | null
  /** Of the answer; undefined: none has begun. */
  abstract readonly httpStatus: number | undefined

  /** It is over: the server is told, unless all is said. Called once. */
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

  /** Its credentials are being made. */
  get isAuthenticating(): boolean {
    return this.#ending !== null
  }

  /** Has its credentials made. False: it is over, and the owner knows if that is why. */
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
      // The caller's own messages may have ended the call meanwhile.
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
   * Ends it; null: it went well. The server is told if it is not done. Harmless if it is over.
   *
   * @param isAbandoned our side has no use for it any more, which says nothing of the server. Default false.
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

  /** For the protocol: nothing may be told any more. */
  protected get isOver(): boolean {
    return this.#isOver
  }

  /** For the protocol: a message was sent. @param bodyBytes of it in the body, with its envelope if it has one */
  protected sent({ data, plainBytes }: RequestMessage, bodyBytes: number): void {
    this.report?.onSent({ wireBytes: data.byteLength, bytes: plainBytes, bodyBytes })
  }

  /** For the protocol: what inflates its answer, in turn with other answers of the subchannel; null: nothing has to. */
  protected inflating(compression: Compression | null, budget: MemoryBudget): Compression | null {
    if (compression === null) return null
    const line = this.#picked?.subchannel ?? this
    this.#inflating ??= new BudgetedCompression(compression, { side: 'client', budget, line })
    return this.#inflating
  }

  /** For the protocol: an answer has begun. */
  protected answer(): void {
    this.hasAnswered = true
    this.owner.onAnswer(this)
  }

  /**
   * The fields of the head: those of the protocol, and behind them what differs between attempts. `fixed` itself if that is nothing.
   *
   * @param timeoutField says how long the call may take; null: the protocol cannot say so much
   * @throws TypeError for metadata that may not go on the wire; ConnectError once the deadline has passed
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

/** A name of the caller's own goes before that of the client, as in gRPC; servers know both. */
function withUserAgent(fixed: readonly EncodableField[], own: string | null): EncodableField[] {
  if (own === null || own === '') return [...fixed]
  if (!/^[ -~]*$/.test(own)) throw new TypeError('metadata user-agent: the value is not printable ASCII')
  return fixed.map((field) =>
    field.name === USER_AGENT ? { name: USER_AGENT, value: `${own} ${field.value}` } : field,
  )
}

/** A field as it came; `HeaderField` is one. */
export interface ResponseField {
  /** In lower case. */
  readonly name: string
  readonly value: string
}

/** The `traceparent` of an attempt goes out in the place of the caller's. */
function isReplaced({ name }: EncodableField, added: readonly EncodableField[]): boolean {
  return added.some((field) => field.name === name)
}
