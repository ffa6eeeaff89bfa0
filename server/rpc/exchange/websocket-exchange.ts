/** An exchange over a WebSocket, in the wire format `grpc-websockets`. */
import type { Buffer } from 'node:buffer'
import { copyOf, ErrorCode, type MemoryBudget, type OctetRange, type RequestHead } from '../../../wire/http2/http2.ts'
import { CloseCode } from '../../../wire/websocket/frame.ts'
import type { ServerWebSocket, WebSocketEnd, WebSocketOwner } from '../../../wire/websocket/server-websocket.ts'
import type { Exchange, ExchangeConnection, ExchangeSink } from './exchange.ts'
import { headerEnvelope, trailersOnly } from './header-envelope.ts'
import { HeldBytes, NO_BODY } from './node-exchange.ts'
import { HeadFault, type Refusal, type RequestFault } from './refusal.ts'
import type { ResponseBlock } from './response-block.ts'
import { WebSocketBody } from './websocket-body.ts'

/** What an exchange needs besides its WebSocket. */
export interface WebSocketExchangeInit {
  readonly head: RequestHead
  readonly connection: ExchangeConnection
  /** The memory budget of the process. */
  readonly budget: MemoryBudget
  /** Encodes a fault that ends the call before its response. */
  refuse(fault: RequestFault): Refusal
  /** Called when the WebSocket has closed, which may be long after the end of the call. */
  onClosed(): void
}

const OUT_OF_MEMORY: RequestFault = { ...HeadFault.TOO_LARGE, message: 'out of memory for messages', httpStatus: 503 }

/** Created when the header block has arrived. The client's data is not collected in messages, but passed on as it comes. */
export class WebSocketExchange implements Exchange, WebSocketOwner {
  readonly head: RequestHead
  readonly connection: ExchangeConnection
  readonly budget: MemoryBudget
  readonly openedAtMs = performance.now()
  sink: ExchangeSink | null = null
  sentStatus = 0
  sentBytes = 0
  deadlineAtMs = Number.POSITIVE_INFINITY
  readonly #socket: ServerWebSocket
  readonly #init: WebSocketExchangeInit
  readonly #body = new WebSocketBody()
  readonly #held: HeldBytes
  #isWritableDue = false
  /** The response is complete as far as the owner is concerned. */
  #isAnswered = false
  #isGone = false

  constructor(socket: ServerWebSocket, init: WebSocketExchangeInit) {
    const { head, connection, budget } = init
    this.head = head
    this.connection = connection
    this.budget = budget
    this.#socket = socket
    this.#init = init
    this.#held = new HeldBytes(budget, () => this.#giveUp())
    socket.owner = this
  }

  /** Body octets so far. */
  get receivedBytes(): number {
    return this.#body.receivedBytes
  }

  get readableBytes(): number {
    return this.#body.length
  }

  get isPeerDone(): boolean {
    return this.#body.isHalfClosed
  }

  /** Read by the stall watch: whether the client, and not the owner, holds up the request. */
  get isOwed(): boolean {
    return !this.#isAnswered && !this.#body.isHalfClosed && !this.#socket.isPaused && this.sink?.isOwed === true
  }

  /** Octets of the response that have not left. */
  get queuedBytes(): number {
    return this.#socket.queuedBytes
  }

  /** Octets that have. */
  get leftBytes(): number {
    return this.#socket.leftBytes
  }

  want(bytes: number): boolean {
    if (this.#isGone) return false
    const isThere = this.#body.want(bytes)
    if (!isThere) this.#socket.resume()
    return isThere
  }

  byteAt(offset: number): number {
    return this.#body.byteAt(offset)
  }

  read(bytes: number): Buffer {
    const data = this.#body.read(bytes)
    this.#consumed()
    return data
  }

  peek(): OctetRange | null {
    return this.#isGone ? null : this.#body.peek()
  }

  skip(bytes: number): void {
    this.#body.skip(bytes)
    this.#consumed()
  }

  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void {
    if (!this.#canBegin) return
    this.sentStatus = head.status
    const whole = trailersOnly(head, body, trailers)
    if (whole !== null) this.#finish(whole)
    else {
      this.#socket.send(headerEnvelope(head.fields))
      this.sentBytes += body.byteLength
      if (body.byteLength > 0) this.#socket.send(body)
      this.#finish(trailers === null ? NO_BODY : headerEnvelope(trailers.fields))
    }
  }

  respond(head: ResponseBlock, endsResponse = false): void {
    if (endsResponse) {
      this.reply(head, NO_BODY, null)
      return
    }
    if (!this.#canBegin) return
    this.sentStatus = head.status
    this.#socket.send(headerEnvelope(head.fields))
  }

  mayWrite(): boolean {
    if (this.#isGone || this.#isAnswered || !this.#socket.isBlocked) return true
    this.#isWritableDue = true
    return false
  }

  write(data: Uint8Array): boolean {
    if (this.#isGone || this.#isAnswered || data.byteLength === 0) return true
    this.sentBytes += data.byteLength
    if (this.#socket.send(data)) return true
    this.#isWritableDue = true
    this.#hold()
    return false
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    return this.write(copyOf(buffer, start, end))
  }

  end(data: Uint8Array = NO_BODY): void {
    if (!this.#isGone && !this.#isAnswered) this.#finish(data)
  }

  endWithTrailers(trailers: ResponseBlock): void {
    if (!this.#isGone && !this.#isAnswered) this.#finish(headerEnvelope(trailers.fields))
  }

  reset(code: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#drop()
    this.#socket.abort(code === ErrorCode.CANCEL ? CloseCode.GOING_AWAY : CloseCode.INTERNAL_ERROR)
  }

  release(): void {
    this.#socket.release()
  }

  /** Ends the exchange for a stall: with the fault as the response if there is none yet. */
  onStall(fault: RequestFault): void {
    if (this.#isGone) return
    const wasAnswered = this.#isAnswered
    const isAnswered = this.#canBegin
    if (isAnswered) this.#refuseWith(fault)
    else this.#socket.abort(CloseCode.POLICY_VIOLATION, fault.message)
    this.#isGone = true
    if (!wasAnswered)
      this.#leave({ code: ErrorCode.CANCEL, reason: fault.message, ...(isAnswered && { answered: fault }) })
  }

  /** Sends a PING while nothing is read. Only what is written to a connection that is gone shows that it is. */
  probe(): void {
    if (this.#socket.isPaused) this.#socket.ping()
  }

  onPayload(chunk: Buffer, start: number, end: number): void {
    this.#body.push(chunk, start, end)
  }

  onMessageEnd(): void {
    this.#body.endMessage()
  }

  /** Reads on while the owner waits, or little is left unread. */
  onReadEnd(): void {
    if (this.#isAnswered || this.#isGone) return
    if (this.#body.takeReady()) this.sink?.onReadable()
    if (this.#isAnswered || this.#isGone) return
    this.#body.settle()
    if (this.#body.isFull) this.#socket.pause()
    this.#hold()
  }

  onDrain(): void {
    this.#hold()
    if (!this.#isWritableDue || this.#isGone || this.#isAnswered) return
    this.#isWritableDue = false
    this.sink?.onWritable()
  }

  /** The client has closed the WebSocket, has broken its rules, or is gone: each cancels the call. */
  onEnd({ cause, reason }: WebSocketEnd): void {
    this.#isGone = true
    this.#drop()
    this.sink?.onReset({ code: ErrorCode.CANCEL, source: cause === 'lost' ? 'connection' : 'peer', reason })
  }

  onClosed(): void {
    this.#held.set(0)
    this.#init.onClosed()
  }

  get #canBegin(): boolean {
    return !this.#isGone && !this.#isAnswered && this.sentStatus === 0
  }

  #consumed(): void {
    if (!this.#body.isFull) this.#socket.resume()
    this.#hold()
  }

  /** Sends the last octets of the response. Of the request, nothing more is needed. */
  #finish(last: Uint8Array): void {
    this.#isAnswered = true
    this.sentBytes += last.byteLength
    if (last.byteLength > 0) this.#socket.send(last)
    this.#body.drop()
    this.#socket.close(CloseCode.NORMAL)
    this.#hold()
  }

  /** Counts what is received and not read, and what is written and has not left. */
  #hold(): void {
    this.#held.set(this.#body.capacityBytes + this.#socket.heldBytes)
  }

  #drop(): void {
    this.#body.drop()
    this.#held.set(0)
  }

  #refuseWith(fault: RequestFault): void {
    const { head, body } = this.#init.refuse(fault)
    this.reply(head, body, null)
  }

  #leave(reset: { code: number; reason: string; answered?: RequestFault }): void {
    this.#isGone = true
    this.#drop()
    this.sink?.onReset({ ...reset, source: 'local' })
  }

  /** Ends the exchange, because the process holds too much memory and this exchange holds most of it. */
  #giveUp(): void {
    if (this.#isGone) return
    const isOpen = !this.#isAnswered
    if (this.#canBegin) this.#refuseWith(OUT_OF_MEMORY)
    else this.#socket.abort(CloseCode.TRY_AGAIN_LATER)
    this.#isGone = true
    if (isOpen) this.#leave({ code: ErrorCode.ENHANCE_YOUR_CALM, reason: OUT_OF_MEMORY.message })
  }
}
