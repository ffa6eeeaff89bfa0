/** One call from its head to its end: what unary and streaming calls share. */
import type { Message } from '@bufbuild/protobuf'
import { type Code, ConnectError } from '@connectrpc/connect'
import type { EncodedMessage } from '../../wire/codec/encode/message-encoder.ts'
import { type MessageReader, tooLarge } from '../../wire/envelope-reader.ts'
import { ErrorCode, WheelTimer } from '../../wire/http2/http2.ts'
import { ownedOctets } from '../../wire/message-codec.ts'
import { userFields } from '../../wire/user-fields.ts'
import { exposeError } from '../interceptors/call-outcome.ts'
import { type Admission, type AdmissionControl, askAdmission, endAdmission } from './admission.ts'
import { CallCompressions } from './call-compression.ts'
import { CallContext } from './call-context.ts'
import { deadlineError, outOfMemory, resetError } from './call-errors.ts'
import type { CallHost } from './call-host.ts'
import type { CallPlan } from './call-plan.ts'
import { isCutShort } from './drain-signal.ts'
import type { Exchange, ExchangeReset, ExchangeSink } from './exchange/exchange.ts'
import type { ResponseBlock } from './exchange/response-block.ts'
import { ExchangeAdmission } from './exchange-admission.ts'
import { ExchangeObservation, type ObservedHead } from './exchange-observation.ts'
import { NO_TIMEOUT } from './method-table.ts'
import type { HeadPlan } from './planner.ts'
import type { Answer } from './protocols/server-protocol.ts'
import { runGate } from './request-gate.ts'
import type { HeaderSender } from './send-headers.ts'
import type { WaitingCall } from './waiting-calls.ts'

/**
 * The share of the process memory budget that responses may fill. The rest is for requests: without it, reading a
 * request would cost a response that is already under way.
 */
const MAX_ANSWER_SHARE = 7 / 8

/**
 * A call. Two things are tracked: the handler runs (`isRunning`) or not, and the response is over (`isOver`) or not.
 * The exchange is released as soon as neither holds. Whatever ends a call early (deadline, reset, error) goes through
 * `fail` or `onReset`.
 *
 * This class is the boundary to user code: gates, interceptors, handlers and their iterators run between a transport
 * event and `failHandler`, which receives whatever they throw. From there to the release of the exchange nothing
 * throws.
 */
export abstract class Call implements ExchangeSink, Answer, WaitingCall, HeaderSender {
  readonly exchange: Exchange
  readonly plan: CallPlan
  readonly context: CallContext
  protected readonly host: CallHost
  reader: MessageReader<Message>
  isWaiting = false
  /** The handler, or the gate before it, has started and not returned. */
  protected isRunning = false
  /** Nothing more will be sent. */
  protected isOver = false
  /** A response head has been sent, so an error follows as trailers. */
  protected hasBegun = false
  /** Null without observers. */
  protected readonly observation: ExchangeObservation | null
  readonly #headPlan: HeadPlan
  #timer: WheelTimer | null = null
  /** Null unless messages are compressed. */
  #compressions: CallCompressions | null = null
  /** Null unless an admission control follows the call. */
  #admission: Admission | null = null
  #endCode: Code | undefined

  /** Sets itself as the sink last, because events may follow at once. */
  constructor(host: CallHost, exchange: Exchange, { headPlan, plan }: { headPlan: HeadPlan; plan: CallPlan }) {
    const { timeoutMs } = headPlan
    const { clock } = host.timers
    const deadline = timeoutMs === NO_TIMEOUT ? null : { atMs: exchange.openedAtMs + timeoutMs, clock }
    this.host = host
    this.exchange = exchange
    this.plan = plan
    this.#headPlan = headPlan
    this.context = new CallContext(this, this, deadline)
    const observer = host.observers.guarded
    this.observation = observer === null ? null : ExchangeObservation.start(observer, exchange, headOf(plan))
    this.context.trace = this.observation?.trace
    this.reader = this.#createReader()
    exchange.sink = this
  }

  get responseHeaderIfSet(): Headers | undefined {
    return this.context.responseHeaderIfSet
  }

  get responseTrailerIfSet(): Headers | undefined {
    return this.context.responseTrailerIfSet
  }

  /** Whether the call waits for the rest of a message that the client has begun. */
  get isOwed(): boolean {
    return !this.isOver && this.reader.isOwed
  }

  /** Returns the head of a success: the shared one of the plan unless the service has set headers. */
  successHead(isBodyCompressed = false): ResponseBlock {
    const shared = isBodyCompressed ? this.plan.compressedHead : this.plan.head
    const { responseHeaderIfSet } = this.context
    return responseHeaderIfSet === undefined ? shared : shared.with(userFields(responseHeaderIfSet))
  }

  /** Answers a head with a fault, or a deadline that has passed. Called once, before `start`. */
  open(): void {
    const { error, timeoutMs } = this.#headPlan
    if (error !== null) this.fail(error)
    else if (timeoutMs !== NO_TIMEOUT) {
      this.exchange.deadlineAtMs = this.exchange.openedAtMs + timeoutMs
      if (this.exchange.deadlineAtMs <= this.host.timers.clock.now()) this.fail(deadlineError())
    }
  }

  /** Starts the timer of the deadline. Called for calls that do not end in the turn in which they start. */
  startTimer(): void {
    if (this.isOver || this.#headPlan.timeoutMs === NO_TIMEOUT) return
    this.#timer = new WheelTimer(() => this.fail(deadlineError()))
    this.host.timers.schedule(this.#timer, Math.max(0, this.exchange.deadlineAtMs - this.host.timers.clock.now()))
  }

  /**
   * Reads a body that a Fastify hook has decoded already. Messages in envelopes are compressed one by one and are not
   * affected.
   */
  readDecoded(): void {
    const { protocol, reading } = this.plan
    if (protocol.compression?.isByMessage === true || reading.compression === null) return
    const plan = { ...this.plan, reading: { ...reading, compression: null } }
    this.reader = protocol.createReader(this.exchange, plan)
  }

  /** Sends the head of a success before any message, where the protocol can. */
  sendHeaders(): boolean {
    if (!this.isOver && this.mayOpen) {
      this.begin()
      this.context.sealHeaders()
    }
    return this.exchange.sentStatus > 0
  }

  /** Whether the head can be sent before the first message. */
  protected get mayOpen(): boolean {
    return !this.plan.protocol.hasHttpStatus
  }

  /** Whether the response is over: complete, failed or reset. */
  get isEnded(): boolean {
    return this.isOver
  }

  /** Ends the call because the drain time is over. */
  cut(error: ConnectError): void {
    this.fail(error)
  }

  /** Asks for admission, runs the gate and then the handler, unless the call has ended since `open`. Called once. */
  start(): void {
    if (this.isOver) return
    const { admission, requestGate } = this.plan.entry
    if (admission !== null && !this.#isAdmitted(admission)) return
    if (requestGate === undefined) this.onReadable()
    else {
      // The gate sees the head alone: the body is not read before `passGate`.
      this.isRunning = true
      runGate(requestGate, this)
    }
  }

  /** Only the gate has returned; the handler is next, unless the call has ended meanwhile. */
  passGate(): void {
    this.settleHandler()
    if (this.isOver) return
    this.context.isHandled = false
    this.onReadable()
  }

  /** Ends the call because the gate, the handler, or code that it depends on, threw. */
  failHandler(thrown: unknown): void {
    this.fail(thrown)
    this.settleHandler()
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

  /** Sends the head of a success, unless it was sent. */
  protected begin(): void {
    if (this.hasBegun) return
    this.plan.protocol.begin(this)
    this.hasBegun = true
  }

  /** Reads what has arrived of the request, and starts the handler once it can. An exception ends the call. */
  protected abstract receive(): void

  /** Wakes whatever waits in the call, because it is about to end early. */
  protected interrupt(error: ConnectError): void {
    this.context.abort(error)
  }

  /** Notes that the handler has returned. Further calls have no effect. */
  protected settleHandler(): void {
    if (!this.isRunning) return
    this.isRunning = false
    this.context.isHandled = true
    if (this.isOver) this.#release()
  }

  /**
   * Ends the call with an error in the caller's protocol. The message reaches the client only if a ConnectError was
   * thrown. After the end of the call, an unexpected error is still logged.
   */
  fail(thrown: unknown): void {
    const error = exposeError(thrown, this.host.log, this.context.trace)
    if (this.isOver) return
    this.isOver = true
    this.interrupt(error)
    this.exchange.onFailure?.(thrown)
    try {
      this.#sendError(error)
    } catch (fault) {
      this.host.log.error({ err: fault }, 'response metadata cannot be sent')
      this.#sendBareError(error)
    }
    this.close(error)
  }

  /** Sends the only message of a response, and its end. */
  protected replyWith(output: unknown): void {
    if (this.isOver) return
    try {
      const data = this.encode(output)
      const packed = data instanceof Uint8Array ? this.pack(data) : null
      if (packed instanceof Promise) void this.#replyLater(packed, data as Uint8Array)
      else if (packed === null) this.#replyEncoded(data as EncodedMessage)
      else this.#reply(packed, data as Uint8Array)
    } catch (error) {
      this.fail(error)
    }
  }

  /**
   * Completes and encodes a message of the service: with room for its envelope, and in octets that the next message may
   * replace, where the plan and the size of the message allow. The message is refused if the process holds too much data
   * that peers do not read, since it would be queued behind that.
   */
  protected encode(output: unknown): EncodedMessage | Uint8Array {
    const { headroom, codec, entry, responseCompression } = this.plan
    const { maxSendBytes, compressMinBytes } = entry.limits
    const message = entry.createOutput(output as Message)
    const encoded = headroom === null ? codec.encode(message) : headroom.encodeWithHeadroom(message)
    const bytes = encoded instanceof Uint8Array ? encoded.byteLength : encoded.end - encoded.start
    if (bytes > maxSendBytes) throw tooLarge(bytes, maxSendBytes)
    const { memory, processBufferBytes } = this.exchange.budget
    const limitBytes = MAX_ANSWER_SHARE * processBufferBytes
    const isPlain = responseCompression === null || bytes < compressMinBytes
    // Making room ends other calls, whose services may encode a message meanwhile, for example to call another server.
    const mayShare = isPlain && memory.heldBytes + bytes <= limitBytes
    const data = mayShare || encoded instanceof Uint8Array ? encoded : ownedOctets(encoded)
    if (!memory.makeRoom(bytes, limitBytes)) throw outOfMemory()
    return data
  }

  /** Compresses a message if the plan says so. Returns it unchanged otherwise. */
  protected pack(data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const { responseCompression, entry } = this.plan
    if (responseCompression === null || data.byteLength < entry.limits.compressMinBytes) return data
    this.#compressions ??= new CallCompressions(this.exchange)
    return this.#compressions.compress(responseCompression, data)
  }

  /** Ends the response, whether or not all of it was sent. */
  protected close(error: ConnectError | null): void {
    this.isOver = true
    this.#endCode = error?.code
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

  /** Without compression or observers, the shared plan creates the reader directly. */
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

  /**
   * Returns memory and the slot of the request. Reached exactly once: when the handler has returned and the response is
   * over.
   */
  #release(): void {
    this.#compressions?.release()
    this.exchange.release()
    if (this.#admission === null) return
    const durationMs = this.host.timers.clock.now() - this.exchange.openedAtMs
    endAdmission(this.#admission, { code: this.#endCode, durationMs }, this.host.log)
  }

  /** As `#reply`, for a message that is not compressed. */
  #replyEncoded(message: EncodedMessage): void {
    if (this.isOver) return
    const { protocol } = this.plan
    const bytes = message.end - message.start
    if (this.hasBegun) {
      protocol.writeEncoded?.(this, message)
      protocol.end(this, null)
    } else {
      protocol.replyEncoded?.(this, message)
    }
    this.observation?.onSent(bytes, bytes)
    this.close(null)
  }

  /** Sends a message. `packed` is `data`, or its compressed form. The call may have ended meanwhile, to free memory. */
  #reply(packed: Uint8Array, data: Uint8Array): void {
    if (this.isOver) return
    const { protocol } = this.plan
    const isCompressed = packed !== data
    if (this.hasBegun) {
      protocol.write(this, packed, isCompressed)
      protocol.end(this, null)
    } else {
      protocol.reply(this, packed, isCompressed)
    }
    this.observation?.onSent(packed.byteLength, data.byteLength)
    this.close(null)
  }

  /** The call may end while its message is being compressed; `#reply` checks that. */
  async #replyLater(packing: Promise<Uint8Array>, data: Uint8Array): Promise<void> {
    try {
      this.#reply(await packing, data)
    } catch (error) {
      this.fail(error)
    }
  }

  /** An error after the head goes into the trailers. */
  #sendError(error: ConnectError): void {
    if (this.hasBegun) this.plan.protocol.end(this, error)
    else this.plan.protocol.fail(this, error)
  }

  /** Sends the error without metadata and details. If even that cannot be sent, the exchange is reset. */
  #sendBareError(error: ConnectError): void {
    this.context.dropMetadata()
    try {
      this.#sendError(new ConnectError(error.rawMessage, error.code))
    } catch {
      this.exchange.reset(ErrorCode.INTERNAL_ERROR)
    }
  }

  #isAdmitted(control: AdmissionControl): boolean {
    try {
      this.#admission = askAdmission(control, new ExchangeAdmission(this.exchange, this.plan.entry))
      return true
    } catch (refusal) {
      this.fail(refusal)
      return false
    }
  }
}

function headOf({ protocol, entry, route }: CallPlan): ObservedHead {
  return { protocol: protocol.name, method: entry.method, route }
}
