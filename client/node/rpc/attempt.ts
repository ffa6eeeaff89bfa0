/** One try of a call: finds a connection, sends the head, reads the head of the answer and the status. */
import { Code, ConnectError } from '@connectrpc/connect'
import {
  ErrorCode,
  type HeaderField,
  type HeaderSource,
  type Http2Stream,
  type ResponseHead,
  type StreamReset,
  type StreamSink,
} from '../../../wire/http2/http2.ts'
import { errorOfHttpStatus, errorOfTrailers, fieldValue } from '../../../wire/read-status.ts'
import type { PickFailure, PickWaiter } from '../channel/pick-queue.ts'
import type { PickedSubchannel } from '../contracts/picker.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import type { CredentialsSource } from '../credentials/call-authenticator.ts'
import type { AttemptFailure } from './attempt-policy.ts'
import { sendError } from './call-errors.ts'
import type { AttemptTrace, ObservedAttempt } from './call-observer.ts'

/** The call: what its attempts ask of it, and what they tell it. They tell nothing any more once they are over. */
export interface AttemptOwner {
  /** `/package.Service/Method`. */
  readonly path: string
  /** The caller's metadata. */
  readonly requestHeader: Headers
  /** Stay in the queue while picks fail. */
  readonly waitsForReady: boolean
  /** Milliseconds, for the delays that a trace is told. */
  nowMs(): number
  /** What to send first. @throws ConnectError, TypeError for metadata that may not go on the wire: the call's end */
  headOf(attempt: Attempt): HeaderSource
  /** The head is on its way: send what was and is to be sent, and ask for what is to be read. */
  onStream(attempt: Attempt, stream: Http2Stream): void
  /** An answer of gRPC has begun. */
  onAnswer(attempt: Attempt, head: ResponseHead): void
  /** What was asked for can be read. */
  onReadable(attempt: Attempt, stream: Http2Stream): void
  /** There is room again for what is to be sent. */
  onWritable(attempt: Attempt): void
  /** There were no credentials, no connection, or a Trailers-Only answer that is an error. */
  onFailed(attempt: Attempt, failure: AttemptFailure & PickFailure): void
  /** The stream is gone. */
  onReset(attempt: Attempt, stream: Http2Stream, reset: StreamReset): void
  /** The call cannot go on, whatever other attempts say. */
  cancel(error: ConnectError): void
}

const GRPC_CONTENT = /^application\/grpc(?:[+;]|$)/

/** Over when `end` or `cancel` was called, which leaves nothing behind. */
export class Attempt implements StreamSink, PickWaiter {
  lastPickError: ConnectError | undefined
  /** Null while there is no connection. */
  stream: Http2Stream | null = null
  /** Metadata that is sent beside the caller's; null: none, or not there yet. */
  credentials: Headers | null = null
  /** Null until an answer begins. */
  head: ResponseHead | null = null
  readonly kind: ObservedAttempt
  /** Null: nobody follows it. */
  readonly trace: AttemptTrace | null
  readonly #owner: AttemptOwner
  readonly #startedAtMs: number
  #picked: PickedSubchannel | null = null
  /** Aborts when it is over; null unless credentials are made. */
  #ending: AbortController | null = null
  #isOver = false

  constructor(owner: AttemptOwner, kind: ObservedAttempt, trace: AttemptTrace | null) {
    this.#owner = owner
    this.kind = kind
    this.trace = trace
    this.#startedAtMs = trace === null ? 0 : owner.nowMs()
  }

  /** Its credentials are being made. */
  get isAuthenticating(): boolean {
    return this.#ending !== null
  }

  get path(): string {
    return this.#owner.path
  }

  get requestHeader(): Headers {
    return this.#owner.requestHeader
  }

  get waitsForReady(): boolean {
    return this.#owner.waitsForReady
  }

  /** Has its credentials made. False: it is over, and the owner has been told if it failed on them. */
  async authenticate(source: CredentialsSource): Promise<boolean> {
    const ending = new AbortController()
    this.#ending = ending
    try {
      this.credentials = await source(ending.signal)
    } catch (thrown) {
      if (!this.#isOver) this.onPickFailed(ConnectError.from(thrown, Code.Unauthenticated), { isDrop: false })
    }
    this.#ending = null
    return !this.#isOver
  }

  onPicked(connection: SubchannelConnection, picked: PickedSubchannel): void {
    const owner = this.#owner
    try {
      this.trace?.onPicked(connection.peer, owner.nowMs() - this.#startedAtMs)
      const stream = connection.request(owner.headOf(this), this)
      this.stream = stream
      this.#picked = picked
      picked.subchannel.calls.begin(owner.nowMs())
      picked.onStart?.()
      owner.onStream(this, stream)
    } catch (error) {
      owner.cancel(sendError(error))
    }
  }

  onPickFailed(error: ConnectError, { isDrop }: PickFailure): void {
    this.#owner.onFailed(this, { error, trailers: null, isDrop })
  }

  onHead(stream: Http2Stream, head: ResponseHead): void {
    this.head = head
    const isAll = stream.isPeerDone && stream.trailers === null && stream.readableBytes === 0
    const error = isAll && !head.isTooLarge ? this.readStatus(false) : null
    if (error !== null) {
      this.#owner.onFailed(this, { error, trailers: head.fields, isDrop: false })
      return
    }
    const fault = headFault(head)
    if (fault !== null) this.#owner.cancel(fault)
    else this.#owner.onAnswer(this, head)
  }

  onReadable(stream: Http2Stream): void {
    this.#owner.onReadable(this, stream)
  }

  onWritable(): void {
    this.#owner.onWritable(this)
  }

  onReset(stream: Http2Stream, reset: StreamReset): void {
    this.#owner.onReset(this, stream, reset)
  }

  /**
   * The peer is done and its messages are read: what the status says. Null: OK.
   *
   * @param hasBody there were messages: then the status stands in trailers, and what the head says of one is void
   */
  readStatus(hasBody: boolean): ConnectError | null {
    const { head } = this
    if (head === null) return new ConnectError('the stream ended without an answer', Code.Internal)
    if (this.stream?.areTrailersCut === true) {
      return new ConnectError('the trailers of the answer are too large', Code.ResourceExhausted)
    }
    const trailers = this.stream?.trailers ?? null
    const error = errorOfTrailers(trailers ?? (hasBody ? [] : head.fields))
    if (error === undefined) return errorOfHttpStatus(head.status)
    if (error !== null && trailers !== null) addMetadata(error, head.fields)
    return error
  }

  /** The server has ended it, or there never was a stream. What else happens to it is no part of the call. */
  end(error: ConnectError | null, trailers: readonly HeaderField[] | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ending?.abort(error ?? undefined)
    if (this.stream !== null) this.stream.sink = null
    this.#picked?.subchannel.calls.end(error === null)
    this.#picked?.onEnd?.({ error, trailers })
    this.trace?.onEnd(error)
  }

  /** Ends it from our side; the server is told. Harmless if it is over. */
  cancel(error: ConnectError): void {
    if (this.#isOver) return
    this.stream?.reset(ErrorCode.CANCEL)
    this.end(error, null)
  }
}

/** An answer that is none of gRPC; trailers of HTTP errors are not waited for, unless they stand in the head. */
function headFault(head: ResponseHead): ConnectError | null {
  if (head.isTooLarge) return new ConnectError('the headers of the answer are too large', Code.ResourceExhausted)
  if (fieldValue(head.fields, 'grpc-status') !== undefined) return null
  if (head.status !== 200) return withMetadata(errorOfHttpStatus(head.status), head)
  const contentType = head.get('content-type') ?? ''
  if (GRPC_CONTENT.test(contentType)) return null
  return withMetadata(new ConnectError(`the answer is "${contentType}", not gRPC`, Code.Unknown), head)
}

function withMetadata(error: ConnectError, { fields }: ResponseHead): ConnectError {
  addMetadata(error, fields)
  return error
}

function addMetadata(error: ConnectError, fields: readonly HeaderField[]): void {
  for (const { name, value } of fields) error.metadata.append(name, value)
}
