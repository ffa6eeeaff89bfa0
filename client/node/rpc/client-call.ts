/** What every call does: find a connection, send a head, mind the deadline and the signal, read the status. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../../wire/compression.ts'
import {
  ErrorCode,
  type HeaderField,
  HeaderListTooLargeError,
  type Http2Stream,
  type ResponseHead,
  type StreamReset,
  type StreamSink,
  type TimerWheel,
  WheelTimer,
} from '../../../wire/http2/http2.ts'
import { errorOfHttpStatus, errorOfReset, errorOfTrailers, fieldValue } from '../../../wire/read-status.ts'
import type { Channel } from '../channel/channel.ts'
import type { PickFailure, PickWaiter } from '../channel/pick-queue.ts'
import type { PickedSubchannel } from '../channel/picker.ts'
import type { SubchannelConnection } from '../channel/subchannel.ts'
import { type CallPlan, requestHead } from './call-plan.ts'
import { type RetrySettings, RetryState } from './retry-state.ts'

/** A call as it is asked for. */
export interface CallInit {
  readonly plan: CallPlan
  readonly channel: Channel
  readonly timers: TimerWheel
  /** Metadata; undefined: none. */
  readonly header: Headers | undefined
  readonly signal: AbortSignal | undefined
  /** From now on, in milliseconds; undefined: no deadline. */
  readonly timeoutMs: number | undefined
  readonly waitsForReady: boolean
  /** Null: a call that fails is not tried again. */
  readonly retry: RetrySettings | null
}

const NO_HEADER: Headers = new Headers()
const GRPC_CONTENT = /^application\/grpc(?:[+;]|$)/

/** One call over gRPC. Whatever ends it, `finish` is called once and leaves nothing behind. */
export abstract class ClientCall implements StreamSink, PickWaiter {
  lastPickError: ConnectError | undefined
  protected readonly init: CallInit
  protected stream: Http2Stream | null = null
  protected head: ResponseHead | null = null
  protected isOver = false
  readonly #deadlineAtMs: number
  #deadline: WheelTimer | null = null
  #picked: PickedSubchannel | null = null
  #wasRefused = false
  readonly #retry: RetryState | null
  #backoff: WheelTimer | null = null
  readonly #onAbort = (): void => this.cancel(abortError(this.init.signal))

  constructor(init: CallInit) {
    this.init = init
    this.#retry = init.retry === null ? null : new RetryState(init.retry)
    this.#deadlineAtMs = init.timeoutMs === undefined ? Infinity : init.timers.clock.now() + init.timeoutMs
  }

  get path(): string {
    return this.init.plan.path
  }

  get requestHeader(): Headers {
    return this.init.header ?? NO_HEADER
  }

  get waitsForReady(): boolean {
    return this.init.waitsForReady
  }

  onPicked(connection: SubchannelConnection, picked: PickedSubchannel): void {
    const { plan, header, timers } = this.init
    const hasDeadline = this.#deadlineAtMs !== Infinity
    const remainingMs = hasDeadline ? this.#deadlineAtMs - timers.clock.now() : undefined
    if (remainingMs !== undefined && remainingMs <= 0) {
      this.cancel(this.#deadlineError())
      return
    }
    try {
      const stream = connection.request(
        requestHead(plan, { timeoutMs: remainingMs, header, previousAttempts: this.#retry?.failures ?? 0 }),
        this,
      )
      this.stream = stream
      this.#picked = picked
      picked.onStart?.()
      this.send(stream)
    } catch (error) {
      this.cancel(sendError(error))
    }
  }

  onPickFailed(error: ConnectError, { isDrop }: PickFailure): void {
    if (isDrop) this.#end(error, null)
    else this.#failAttempt(error, null)
  }

  onHead(stream: Http2Stream, head: ResponseHead): void {
    this.head = head
    const isAll = stream.isPeerDone && stream.trailers === null && stream.readableBytes === 0
    const failure = isAll && !head.isTooLarge ? this.readStatus(stream) : null
    if (failure !== null) {
      this.#failAttempt(this.#isLateCancel(failure) ? this.#deadlineError() : failure, head.fields)
      return
    }
    const fault = headFault(head)
    if (fault !== null) this.cancel(fault)
    else this.onAnswer(head)
  }

  onReset(_stream: Http2Stream, reset: StreamReset): void {
    const isFirst = !this.#wasRefused && (this.#retry?.failures ?? 0) === 0
    if (this.init.channel.getState() === 'SHUTDOWN') this.#end(closedError(), null)
    else if (reset.isUnprocessed && isFirst && this.canReplay) this.#restart()
    else if (this.#isLate()) this.#end(this.#deadlineError(), null)
    else if (this.head === null) this.#failAttempt(errorOfReset(reset), null)
    else this.#end(errorOfReset(reset), null)
  }

  abstract onReadable(stream: Http2Stream): void
  abstract onWritable(stream: Http2Stream): void

  /** Whether all that was sent so far can be sent again. */
  protected abstract get canReplay(): boolean
  /** The head is on its way: send what was and is to be sent, and ask for what is to be read. Once for each attempt. */
  protected abstract send(stream: Http2Stream): void
  /** An answer of gRPC has begun. */
  protected abstract onAnswer(head: ResponseHead): void
  /** The call is over; null: it went well. Called once. */
  protected abstract finish(error: ConnectError | null): void

  /** Begins; to be called once. */
  protected begin(): void {
    const { channel, signal, timers, timeoutMs } = this.init
    channel.beginCall()
    if (signal?.aborted === true) {
      this.#onAbort()
      return
    }
    signal?.addEventListener('abort', this.#onAbort)
    if (timeoutMs !== undefined) {
      this.#deadline = new WheelTimer(() => this.cancel(this.#deadlineError()))
      timers.schedule(this.#deadline, timeoutMs)
    }
    channel.pick(this)
  }

  /** Ends the call from our side; the server is told. */
  protected cancel(error: ConnectError): void {
    if (this.isOver) return
    this.stream?.reset(ErrorCode.CANCEL)
    this.#end(error, null)
  }

  /** The peer is done and its messages are read: what the status says. Null: OK. */
  protected readStatus(stream: Http2Stream): ConnectError | null {
    const { head } = this
    if (head === null) return new ConnectError('the stream ended without an answer', Code.Internal)
    const error = errorOfTrailers(stream.trailers ?? head.fields)
    if (error === undefined) return errorOfHttpStatus(head.status)
    if (error !== null && stream.trailers !== null) addMetadata(error, head.fields)
    return error
  }

  /** The status was read. */
  protected endWithStatus(stream: Http2Stream, error: ConnectError | null): void {
    const isLate = error !== null && this.#isLateCancel(error)
    this.#end(isLate ? this.#deadlineError() : error, stream.trailers ?? this.head?.fields ?? null)
  }

  /**
   * What answers are compressed with; null: nothing.
   *
   * @throws ConnectError INTERNAL for an encoding that was not asked for
   */
  protected responseCompression(head: ResponseHead): Compression | null {
    const name = head.get('grpc-encoding')
    if (name === undefined || name === 'identity') return null
    const found = this.init.plan.settings.acceptCompression.find((compression) => compression.name === name)
    if (found !== undefined) return found
    throw new ConnectError(`the server compresses with "${name}", which was not asked for`, Code.Internal)
  }

  /** No server has looked at it: once again, at once, whatever the policy says. */
  #restart(): void {
    this.#wasRefused = true
    this.#leaveAttempt(new ConnectError('not processed', Code.Unavailable), null)
    this.init.channel.pick(this)
  }

  /** An attempt failed before any of the answer came. */
  #failAttempt(error: ConnectError, trailers: readonly HeaderField[] | null): void {
    if (this.isOver) return
    const delayMs = this.canReplay ? this.#retry?.nextDelayMs(error, trailers) : null
    if (delayMs === null || delayMs === undefined) {
      this.#end(error, trailers)
      return
    }
    this.#leaveAttempt(error, trailers)
    this.#backoff = new WheelTimer(() => this.init.channel.pick(this))
    this.init.timers.schedule(this.#backoff, delayMs)
  }

  #leaveAttempt(error: ConnectError, trailers: readonly HeaderField[] | null): void {
    this.#picked?.onEnd?.({ error, trailers })
    this.#picked = null
    // What else happens to it is no part of the call any more.
    if (this.stream !== null) this.stream.sink = null
    this.stream = null
    this.head = null
  }

  #end(error: ConnectError | null, trailers: readonly HeaderField[] | null): void {
    if (this.isOver) return
    this.isOver = true
    const { channel, signal, timers } = this.init
    signal?.removeEventListener('abort', this.#onAbort)
    if (this.#deadline !== null) timers.cancel(this.#deadline)
    if (this.#backoff !== null) timers.cancel(this.#backoff)
    if (error === null) this.#retry?.onSuccess()
    channel.leave(this)
    channel.endCall(error === null)
    this.#picked?.onEnd?.({ error, trailers })
    this.finish(error)
  }

  #isLate(): boolean {
    return this.init.timers.clock.now() >= this.#deadlineAtMs
  }

  /** The server saw the deadline pass first. */
  #isLateCancel(error: ConnectError): boolean {
    return error.code === Code.Canceled && this.#isLate()
  }

  #deadlineError(): ConnectError {
    const reason = this.stream === null ? ` before there was a connection${waitReason(this.lastPickError)}` : ''
    return new ConnectError(`the deadline of ${this.init.timeoutMs} ms passed${reason}`, Code.DeadlineExceeded)
  }
}

function closedError(): ConnectError {
  return new ConnectError('the transport was closed', Code.Canceled)
}

function waitReason(error: ConnectError | undefined): string {
  return error === undefined ? '' : `: ${error.rawMessage}`
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

/** Metadata that cannot be sent is the fault of the caller. */
function sendError(error: unknown): ConnectError {
  if (error instanceof HeaderListTooLargeError) return new ConnectError(error.message, Code.ResourceExhausted)
  return ConnectError.from(error, Code.Internal)
}

/** The reason that the caller gave, if it is an error of a call; else CANCELLED. */
function abortError(signal: AbortSignal | undefined): ConnectError {
  const reason: unknown = signal?.reason
  if (reason instanceof ConnectError) return reason
  return new ConnectError('the caller cancelled the call', Code.Canceled, undefined, undefined, reason)
}
