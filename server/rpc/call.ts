/** One call from its head to its end: what all kinds have in common. */
import { create, type Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { runInCallScope } from '../../wire/call-scope.ts'
import { type MessageReader, tooLarge } from '../../wire/envelope-reader.ts'
import { ErrorCode, type TimerWheel, WheelTimer } from '../../wire/http2/http2.ts'
import { userFields } from '../../wire/user-fields.ts'
import { type ErrorLog, exposeError } from '../interceptors/call-outcome.ts'
import { CallContext } from './call-context.ts'
import type { Exchange, ExchangeReset, ExchangeSink } from './exchange/exchange.ts'
import type { ResponseBlock } from './exchange/response-block.ts'
import { type CallPlan, type HeadPlan, NO_TIMEOUT } from './planner.ts'
import type { Answer } from './protocols/server-protocol.ts'

/** What calls of a lane share. */
export interface CallHost {
  /** Where faults of handlers go. */
  readonly log: ErrorLog
  readonly timers: TimerWheel
  /** Told of every request once its response is complete or given up; undefined where nobody listens. */
  readonly onEnd: ((end: CallEnd) => void) | undefined
}

/** How a request ended. */
export interface CallEnd {
  readonly exchange: Exchange
  /** undefined where the request was in no RPC protocol. */
  readonly protocol: string | undefined
  /** undefined for a success. */
  readonly code: Code | undefined
  /** The HTTP status of an answer to what never became a call; undefined for calls, of which the code tells. */
  readonly httpStatus: number | undefined
  /** Octets of the messages, in their envelopes. */
  readonly receivedBytes: number
  readonly sentBytes: number
}

/**
 * The state of a call: its handler runs or not, its response is complete or not; the exchange is released when neither is
 * to come. Everything that can end a call early (deadline, reset, an error) ends in `fail` or `onReset`.
 */
export abstract class Call implements ExchangeSink, Answer {
  readonly exchange: Exchange
  readonly plan: CallPlan
  readonly context: CallContext
  protected readonly host: CallHost
  reader: MessageReader<Message>
  /** The handler, or the gate before it, has been started and has not come back. */
  protected isRunning = false
  /** Nothing more will be sent. */
  protected isOver = false
  /** A head was sent, so that an error comes behind it. */
  protected hasBegun = false
  protected sentBytes = 0
  readonly #headPlan: HeadPlan
  #timer: WheelTimer | null = null

  constructor(host: CallHost, exchange: Exchange, { headPlan, plan }: { headPlan: HeadPlan; plan: CallPlan }) {
    const { timeoutMs } = headPlan
    const { clock } = host.timers
    const deadline = timeoutMs === NO_TIMEOUT ? null : { atMs: exchange.openedAtMs + timeoutMs, clock }
    this.host = host
    this.exchange = exchange
    this.plan = plan
    this.#headPlan = headPlan
    this.context = new CallContext(exchange, plan, deadline)
    this.reader = plan.protocol.createReader(exchange, plan)
    exchange.sink = this
  }

  get responseHeaderIfSet(): Headers | undefined {
    return this.context.responseHeaderIfSet
  }

  get responseTrailerIfSet(): Headers | undefined {
    return this.context.responseTrailerIfSet
  }

  /** The client owes octets: it has begun what it has not finished, and the call waits for it. */
  get isOwed(): boolean {
    return !this.isOver && this.reader.isOwed
  }

  successHead(isBodyCompressed = false): ResponseBlock {
    const shared = isBodyCompressed ? this.plan.compressedHead : this.plan.head
    const { responseHeaderIfSet } = this.context
    return responseHeaderIfSet === undefined ? shared : shared.with(userFields(responseHeaderIfSet))
  }

  /** Answers a fault of the head, and starts the deadline. To be called once, before `start`. */
  open(): void {
    const { error, timeoutMs } = this.#headPlan
    if (error !== null) this.fail(error)
    else if (timeoutMs !== NO_TIMEOUT) this.#startDeadline(timeoutMs)
  }

  /** Reads a body whose encoding somebody else has undone. Messages that are compressed one by one are not: they stay so. */
  readDecoded(): void {
    const { protocol, reading } = this.plan
    if (protocol.compression?.isByMessage === true || reading.compression === null) return
    const plan = { ...this.plan, reading: { ...reading, compression: null } }
    this.reader = protocol.createReader(this.exchange, plan)
  }

  /** Runs the gate and the handler, unless the call has ended since it was opened. To be called once. */
  start(): void {
    if (this.isOver) return
    if (this.plan.entry.requestGate === undefined) this.receive()
    else void this.#passGate(this.plan.entry.requestGate)
  }

  abstract onReadable(): void
  abstract onWritable(): void

  onReset(reset: ExchangeReset): void {
    if (this.isOver) return
    this.isOver = true
    const error = resetError(reset)
    this.interrupt(error)
    this.close(error.code)
  }

  /** Takes in what there is of the request; called again by `onReadable`. */
  protected abstract receive(): void

  /** The call is about to end early: lets go of whatever waits. */
  protected interrupt(error: ConnectError): void {
    this.context.abort(error)
  }

  /** The handler has come back; later calls do nothing. */
  protected settleHandler(): void {
    if (!this.isRunning) return
    this.isRunning = false
    this.context.isHandled = true
    if (this.isOver) this.exchange.release()
  }

  /**
   * Ends the call with an error, in the caller's protocol. What was thrown shows only if it was meant to; what is thrown
   * when all is over can still be a fault for the log.
   */
  fail(thrown: unknown): void {
    const error = exposeError(thrown, this.host.log)
    if (this.isOver) return
    this.isOver = true
    this.interrupt(error)
    try {
      this.#sendError(error)
    } catch (fault) {
      this.host.log.error({ err: fault }, 'the metadata of a call cannot be sent')
      this.#sendBareError(error)
    }
    this.close(error.code)
  }

  /** Answers with a single message and nothing else, of the shape that handlers return. */
  protected replyWith(output: unknown): void {
    if (this.isOver) return
    try {
      const data = this.encode(output)
      const compression = this.compressionFor(data)
      const packed = compression === null ? data : compression.compress(data)
      if (packed instanceof Promise) void this.#replyLater(packed)
      else this.#reply(packed, compression !== null)
    } catch (error) {
      this.fail(error)
    }
  }

  /** Completes and encodes a message of the service. */
  protected encode(output: unknown): Uint8Array {
    const { codec, entry } = this.plan
    const data = codec.encode(create(entry.method.output, output as Message))
    if (data.byteLength > entry.limits.maxSendBytes) throw tooLarge(data.byteLength, entry.limits.maxSendBytes)
    return data
  }

  protected compressionFor(data: Uint8Array): CallPlan['responseCompression'] {
    const { responseCompression, entry } = this.plan
    return responseCompression !== null && data.byteLength >= entry.limits.compressMinBytes ? responseCompression : null
  }

  /** Nothing more will be sent: everything has been, or is given up. */
  protected close(code: Code | undefined): void {
    this.isOver = true
    if (this.#timer !== null) this.host.timers.cancel(this.#timer)
    this.context.finish()
    this.host.onEnd?.({
      exchange: this.exchange,
      protocol: this.plan.protocol.name,
      code,
      httpStatus: undefined,
      receivedBytes: this.reader.receivedBytes,
      sentBytes: this.sentBytes,
    })
    if (!this.isRunning) this.exchange.release()
  }

  #reply(data: Uint8Array, isCompressed: boolean): void {
    this.sentBytes = this.plan.protocol.reply(this, data, isCompressed)
    this.close(undefined)
  }

  async #replyLater(packing: Promise<Uint8Array>): Promise<void> {
    try {
      const data = await packing
      if (!this.isOver) this.#reply(data, true)
    } catch (error) {
      this.fail(error)
    }
  }

  #sendError(error: ConnectError): void {
    if (this.hasBegun) this.plan.protocol.end(this, error)
    else this.plan.protocol.fail(this, error)
  }

  /** The error without what anybody added to it. A peer that takes not even that gets no answer. */
  #sendBareError(error: ConnectError): void {
    this.context.dropMetadata()
    try {
      this.#sendError(new ConnectError(error.rawMessage, error.code))
    } catch {
      this.exchange.reset(ErrorCode.INTERNAL_ERROR)
    }
  }

  /** Answers the call if it has passed already. */
  #startDeadline(timeoutMs: number): void {
    const deadlineAtMs = this.exchange.openedAtMs + timeoutMs
    this.exchange.deadlineAtMs = deadlineAtMs
    const leftMs = deadlineAtMs - this.host.timers.clock.now()
    if (leftMs <= 0) {
      this.fail(deadlineError())
      return
    }
    this.#timer = new WheelTimer(() => this.fail(deadlineError()))
    this.host.timers.schedule(this.#timer, leftMs)
  }

  /** The gate sees the head; the body is not read before it lets the call pass. */
  async #passGate(gate: NonNullable<CallPlan['entry']['requestGate']>): Promise<void> {
    this.isRunning = true
    try {
      await runInCallScope(this.context, gate, this.context)
    } catch (error) {
      this.fail(error)
    }
    this.settleHandler()
    if (this.isOver) return
    // Only the gate has come back: the handler is still to come.
    this.context.isHandled = false
    this.receive()
  }
}

function deadlineError(): ConnectError {
  return new ConnectError('the operation timed out', Code.DeadlineExceeded)
}

/** A client that goes has cancelled, whatever its reasons; of our own resets the log should tell more. */
function resetError({ code, source, reason }: ExchangeReset): ConnectError {
  if (source !== 'local') return new ConnectError('the client has gone', Code.Canceled)
  const isStall = code === ErrorCode.CANCEL
  return new ConnectError(reason, isStall ? Code.Canceled : Code.ResourceExhausted)
}
