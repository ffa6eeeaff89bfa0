/** One call from its head to its end: what all kinds have in common. */
import { create, type Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { runInCallScope } from '../../wire/call-scope.ts'
import type { Compression } from '../../wire/compression/compression.ts'
import { type MessageReader, tooLarge } from '../../wire/envelope-reader.ts'
import { ErrorCode, type TimerWheel, WheelTimer } from '../../wire/http2/http2.ts'
import { userFields } from '../../wire/user-fields.ts'
import { type ErrorLog, exposeError } from '../interceptors/call-outcome.ts'
import type { ObserverList } from '../observing/observer-list.ts'
import { CallCompressions } from './call-compression.ts'
import { CallContext } from './call-context.ts'
import type { CallPlan } from './call-plan.ts'
import { isCutShort } from './drain-signal.ts'
import type { Exchange, ExchangeReset, ExchangeSink } from './exchange/exchange.ts'
import type { ResponseBlock } from './exchange/response-block.ts'
import { ExchangeObservation, type ObservedHead } from './exchange-observation.ts'
import { type HeadPlan, NO_TIMEOUT } from './planner.ts'
import type { Answer } from './protocols/server-protocol.ts'
import type { WaitingCall, WaitingCalls } from './waiting-calls.ts'

/** What calls of a lane share. */
export interface CallHost {
  /** Where faults of handlers go. Never throws. */
  readonly log: ErrorLog
  readonly timers: TimerWheel
  readonly observers: ObserverList
  /** Calls that may still be open when the server's time is over. */
  readonly waiting: WaitingCalls
  /** Aborts when a drain is about to run out of time. */
  readonly shutdownSignal: AbortSignal
  /** A drain has ended a call that was not over. */
  readonly onCutShort: () => void
}

/** Of what the process may hold. The rest is for requests: one that finds no room would cost an answer that is under way. */
const MAX_ANSWER_SHARE = 7 / 8

/**
 * The state of a call: its handler runs or not, its response is complete or not; the exchange is released when neither is
 * to come. Everything that can end a call early (deadline, reset, an error) ends in `fail` or `onReset`.
 *
 * This is the edge to code that is not ours: gates, interceptors, handlers and their iterators. It runs between a
 * transport's event and `failHandler`, which takes what it throws or rejects with; from there to the release of the exchange
 * nothing throws.
 */
export abstract class Call implements ExchangeSink, Answer, WaitingCall {
  readonly exchange: Exchange
  readonly plan: CallPlan
  readonly context: CallContext
  protected readonly host: CallHost
  reader: MessageReader<Message>
  isWaiting = false
  /** The handler, or the gate before it, has been started and has not come back. */
  protected isRunning = false
  /** Nothing more will be sent. */
  protected isOver = false
  /** A head was sent, so that an error comes behind it. */
  protected hasBegun = false
  /** Null where nobody observes. */
  protected readonly observation: ExchangeObservation | null
  readonly #headPlan: HeadPlan
  #timer: WheelTimer | null = null
  /** Null where nothing is compressed. */
  #compressions: CallCompressions | null = null

  constructor(host: CallHost, exchange: Exchange, { headPlan, plan }: { headPlan: HeadPlan; plan: CallPlan }) {
    const { timeoutMs } = headPlan
    const { clock } = host.timers
    const deadline = timeoutMs === NO_TIMEOUT ? null : { atMs: exchange.openedAtMs + timeoutMs, clock }
    this.host = host
    this.exchange = exchange
    this.plan = plan
    this.#headPlan = headPlan
    this.context = new CallContext(exchange, plan, deadline)
    const observer = host.observers.guarded
    this.observation = observer === null ? null : ExchangeObservation.start(observer, exchange, headOf(plan))
    this.reader = this.#createReader()
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

  /** The response is complete, or given up. */
  get isEnded(): boolean {
    return this.isOver
  }

  /** The server's time is over. */
  cut(error: ConnectError): void {
    this.fail(error)
  }

  /** Runs the gate and the handler, unless the call has ended since it was opened. To be called once. */
  start(): void {
    if (this.isOver) return
    if (this.plan.entry.requestGate === undefined) this.onReadable()
    else void this.#passGate(this.plan.entry.requestGate)
  }

  onReadable(): void {
    if (this.isOver) return
    try {
      this.receive()
    } catch (thrown) {
      this.failHandler(thrown)
    }
  }

  abstract onWritable(): void

  onReset(reset: ExchangeReset): void {
    if (this.isOver) return
    this.isOver = true
    const error = resetError(reset)
    this.interrupt(error)
    this.close(error)
  }

  /** Takes in what there is of the request, and runs the handler. What it throws ends the call. */
  protected abstract receive(): void

  /** The call is about to end early: settles whatever waits. */
  protected interrupt(error: ConnectError): void {
    this.context.abort(error)
  }

  /** The handler, or what it depends on, has thrown. */
  protected failHandler(thrown: unknown): void {
    this.fail(thrown)
    this.settleHandler()
  }

  /** The handler has come back; later calls do nothing. */
  protected settleHandler(): void {
    if (!this.isRunning) return
    this.isRunning = false
    this.context.isHandled = true
    if (this.isOver) this.#release()
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
    this.exchange.onFailure?.(thrown)
    try {
      this.#sendError(error)
    } catch (fault) {
      this.host.log.error({ err: fault }, 'the metadata of a call cannot be sent')
      this.#sendBareError(error)
    }
    this.close(error)
  }

  /** Answers with a single message and nothing else, of the shape that handlers return. */
  protected replyWith(output: unknown): void {
    if (this.isOver) return
    try {
      const data = this.encode(output)
      const compression = this.compressionFor(data)
      const packed = compression === null ? data : this.compress(compression, data)
      if (packed instanceof Promise) void this.#replyLater(packed, data)
      else this.#reply(packed, data)
    } catch (error) {
      this.fail(error)
    }
  }

  /**
   * Completes and encodes a message of the service. It is refused where the process holds too much that peers do not read: what
   * is queued for them counts, and this is about to be.
   */
  protected encode(output: unknown): Uint8Array {
    const { codec, entry } = this.plan
    const data = codec.encode(create(entry.method.output, output as Message))
    if (data.byteLength > entry.limits.maxSendBytes) throw tooLarge(data.byteLength, entry.limits.maxSendBytes)
    const { memory, processBufferBytes } = this.exchange.budget
    if (!memory.makeRoom(data.byteLength, MAX_ANSWER_SHARE * processBufferBytes)) throw outOfMemory()
    return data
  }

  protected compress(compression: Compression, data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    this.#compressions ??= new CallCompressions(this.exchange)
    return this.#compressions.compress(compression, data)
  }

  protected compressionFor(data: Uint8Array): CallPlan['responseCompression'] {
    const { responseCompression, entry } = this.plan
    return responseCompression !== null && data.byteLength >= entry.limits.compressMinBytes ? responseCompression : null
  }

  /** Nothing more will be sent: everything has been, or is given up. */
  protected close(error: ConnectError | null): void {
    this.isOver = true
    if (this.isWaiting) this.host.waiting.delete(this)
    if (error !== null && isCutShort(error, this.host.shutdownSignal)) this.host.onCutShort()
    this.#compressions?.stop()
    if (this.#timer !== null) this.host.timers.cancel(this.#timer)
    this.context.finish()
    if (this.observation !== null) {
      const { receivedBytes } = this.reader
      this.observation.onEnd({ code: error?.code, error, receivedBytes, endedAtMs: this.host.timers.clock.now() })
    }
    if (!this.isRunning) this.#release()
  }

  #createReader(): MessageReader<Message> {
    const { observation, exchange } = this
    const { compression } = this.plan.reading
    let plan = this.plan
    if (compression !== null) {
      this.#compressions = new CallCompressions(exchange)
      plan = this.#compressions.readingOf(plan, compression)
    }
    return observation?.createReader(plan) ?? plan.protocol.createReader(exchange, plan)
  }

  #release(): void {
    this.#compressions?.release()
    this.exchange.release()
  }

  /** Sends a message, which is `data` or was compressed from it, unless the call was ended to make room for it. */
  #reply(packed: Uint8Array, data: Uint8Array): void {
    if (this.isOver) return
    this.plan.protocol.reply(this, packed, packed !== data)
    this.observation?.onSent(packed.byteLength, data.byteLength)
    this.close(null)
  }

  async #replyLater(packing: Promise<Uint8Array>, data: Uint8Array): Promise<void> {
    try {
      this.#reply(await packing, data)
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
    this.onReadable()
  }
}

function headOf({ protocol, entry }: CallPlan): ObservedHead {
  return { protocol: protocol.name, method: entry.method }
}

function outOfMemory(): ConnectError {
  return new ConnectError('out of memory for answers, try again later', Code.ResourceExhausted)
}

function deadlineError(): ConnectError {
  return new ConnectError('the operation timed out', Code.DeadlineExceeded)
}

/** A client that goes has cancelled, whatever its reasons. One that stalls has not: its time is over. */
function resetError({ code, source, reason, answered }: ExchangeReset): ConnectError {
  if (answered !== undefined) return new ConnectError(answered.message, answered.code)
  if (source !== 'local') return new ConnectError('the client has gone', Code.Canceled)
  const isStall = code === ErrorCode.CANCEL
  return new ConnectError(reason, isStall ? Code.DeadlineExceeded : Code.ResourceExhausted)
}
