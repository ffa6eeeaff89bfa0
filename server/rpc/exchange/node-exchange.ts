/** What the exchanges over node:http and node:http2 share: reading the body, and accounting for memory. */
import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Readable } from 'node:stream'
import type { CallObservation } from '../../../wire/call-observer.ts'
import { BodyBuffer, copyOf, ErrorCode, type MemoryBudget, type MemoryHolder } from '../../../wire/http2/http2.ts'
import type { Exchange, ExchangeConnection, ExchangeSink } from './exchange.ts'
import type { NodeHead } from './node-request.ts'
import type { RequestFault } from './refusal.ts'
import { ResponseBlock } from './response-block.ts'

const OUT_OF_MEMORY = ResponseBlock.once(503, [])

/** An empty body. */
export const NO_BODY = new Uint8Array(0)

/** What an exchange needs besides Node's request and response. */
export interface NodeExchangeInit {
  /** May be shared by requests with equal heads. */
  readonly head: NodeHead
  readonly connection: ExchangeConnection
  /** The memory budget of the process. */
  readonly budget: MemoryBudget
  /** See `Exchange.observation`. */
  readonly observation?: CallObservation | null | undefined
}

/** Reads the body. Subclasses write the response for their version of HTTP. */
export abstract class NodeExchange implements Exchange {
  readonly head: NodeHead
  readonly connection: ExchangeConnection
  readonly budget: MemoryBudget
  readonly observation: CallObservation | null | undefined
  readonly openedAtMs = performance.now()
  sink: ExchangeSink | null = null
  sentStatus = 0
  sentBytes = 0
  deadlineAtMs = Number.POSITIVE_INFINITY
  /** Body bytes so far. */
  receivedBytes = 0
  /** The response is complete as far as the owner is concerned. */
  protected isAnswered = false
  protected isGone = false
  readonly #request: IncomingMessage | Http2ServerRequest
  /** Yields the body: the request itself, or a stream that decodes it. */
  #source: Readable
  readonly #body = new BodyBuffer()
  /** Null until something has to be held. Most requests are read at once. */
  #held: HeldBytes | null = null
  /** The number of bytes that the owner waits for; 0 if it does not wait. */
  #wanted = 0
  #isListening = false
  #isEnded = false

  constructor(request: IncomingMessage | Http2ServerRequest, init: NodeExchangeInit) {
    const { head, connection, budget } = init
    this.head = head
    this.connection = connection
    this.observation = init.observation
    this.budget = budget
    this.#request = request
    this.#source = request
  }

  abstract reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void
  abstract respond(head: ResponseBlock, endsResponse?: boolean): void
  abstract mayWrite(): boolean
  abstract write(data: Uint8Array): boolean
  abstract end(data?: Uint8Array): void
  abstract endWithTrailers(trailers: ResponseBlock): void
  abstract reset(code: number): void

  /**
   * Ends the exchange for a stall. With `isAnswered`, the watch sends the fault as the response if there is none yet.
   */
  onStall(fault: RequestFault, isAnswered = true): void {
    if (this.isGone) return
    this.isGone = true
    this.dropBody()
    const reset = { code: ErrorCode.CANCEL, source: 'local', reason: fault.message } as const
    if (this.sentStatus > 0 || !isAnswered) {
      this.sink?.onReset(reset)
      return
    }
    this.sentStatus = fault.httpStatus
    this.sink?.onReset({ ...reset, answered: fault })
  }

  /** Read by the stall watch. */
  get isOwed(): boolean {
    return this.sink?.isOwed === true
  }

  get readableBytes(): number {
    return this.#body.length
  }

  get isPeerDone(): boolean {
    if (this.#isEnded) return true
    if (this.isDecoded) return false
    return (
      this.receivedBytes === this.head.contentLength || (this.#request.complete && this.#request.readableLength === 0)
    )
  }

  /**
   * Reads the body from a stream that decodes the request. Must be called before the first `want`. The caller handles
   * errors of the stream; the exchange only reads bytes and the end.
   */
  readFrom(source: Readable): void {
    this.#source = source
  }

  want(bytes: number): boolean {
    if (this.isGone) return false
    if (this.isPeerDone || this.#body.length >= bytes) {
      this.#wanted = 0
      return true
    }
    this.#wanted = bytes
    this.#pull()
    return false
  }

  byteAt(offset: number): number {
    return this.#body.byteAt(offset)
  }

  read(bytes: number): Buffer {
    const data = this.#body.read(bytes)
    this.#held?.set(this.#body.capacityBytes)
    return data
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    return this.write(copyOf(buffer, start, end))
  }

  /**
   * Takes the body without listening for it, if all of it has arrived. Short bodies mostly have, once node:http has
   * parsed the octets that came with the head.
   */
  takeArrived(): void {
    const request = this.#request
    if (!this.#hasArrived || this.isDecoded || this.#isListening || this.isGone) return
    const body: Buffer | null = request.read()
    // Ends the request too: node:http reports the end of a message only in a later step than the last octets.
    if (!request.complete) request.resume()
    this.#isEnded = true
    if (body === null) return
    this.receivedBytes += body.byteLength
    this.#body.push(body, 0, body.length)
  }

  /** Counts what the owner has not read of a body that was taken. */
  holdUnread(): void {
    if (!this.isAnswered && !this.isGone) this.hold(this.#body.capacityBytes)
  }

  /** Does nothing: Node does not limit how many requests of a connection run. */
  release(): void {}

  /**
   * Whether the body is decoded by another stream. The request's own counters then do not tell how much has been read.
   */
  protected get isDecoded(): boolean {
    return this.#source !== this.#request
  }

  /** Called when the owner first wants the body, for `100 Continue`. */
  protected askForBody(): void {}

  protected abstract get hasBegun(): boolean

  /** Whether the request holds its whole body. A message is complete with its announced length (RFC 9112 section 6.3). */
  get #hasArrived(): boolean {
    return this.#request.complete || this.#request.readableLength === this.head.contentLength
  }

  protected hold(bytes: number): void {
    if (bytes === 0 && this.#held === null) return
    this.#held ??= new HeldBytes(this.budget, () => this.#giveUp())
    this.#held.set(bytes)
  }

  protected dropBody(): void {
    this.#body.clear()
    this.#held?.set(0)
  }

  /**
   * Starts or resumes the source, which is paused whenever the owner has enough: this is the flow control of the
   * request.
   */
  #pull(): void {
    this.askForBody()
    if (!this.#isListening) {
      this.#isListening = true
      this.#source.on('data', (chunk: Uint8Array | string) => this.#onData(asBuffer(chunk)))
      this.#source.on('end', () => {
        this.#isEnded = true
        this.#tellReadable()
      })
    }
    // A decoding stream may be paused, which adding a listener does not change.
    this.#source.resume()
  }

  /** Buffers a chunk, and pauses the source when the owner has what it wants. */
  #onData(chunk: Buffer): void {
    this.receivedBytes += chunk.byteLength
    if (this.isAnswered || this.isGone || chunk.byteLength === 0) return
    this.#body.push(chunk, 0, chunk.length)
    if (this.isPeerDone) this.#tellReadable()
    else if (this.#body.length >= this.#wanted) {
      this.#source.pause()
      this.#tellReadable()
    }
    if (!this.isAnswered) this.hold(this.#body.capacityBytes)
  }

  #tellReadable(): void {
    if (this.#wanted === 0 || this.isGone) return
    this.#wanted = 0
    this.sink?.onReadable()
  }

  /** Ends the exchange, because the process holds too much memory and this exchange holds most of it. */
  #giveUp(): void {
    if (this.hasBegun) this.reset(ErrorCode.ENHANCE_YOUR_CALM)
    else this.reply(OUT_OF_MEMORY, NO_BODY, null)
    this.isGone = true
    this.sink?.onReset({ code: ErrorCode.ENHANCE_YOUR_CALM, source: 'local', reason: 'out of memory for messages' })
  }
}

/** A decoding stream may yield strings, or bytes that are not a Buffer. */
function asBuffer(chunk: Uint8Array | string): Buffer {
  if (chunk instanceof Buffer) return chunk
  return typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

/** The memory that one exchange holds. Registered with the process only while it is not zero. */
export class HeldBytes implements MemoryHolder {
  readonly #budget: MemoryBudget
  readonly #giveUp: () => void
  #bytes = 0

  /** @param giveUp ends the exchange when it holds the most memory of all */
  constructor(budget: MemoryBudget, giveUp: () => void) {
    this.#budget = budget
    this.#giveUp = giveUp
  }

  /**
   * Sets what the exchange holds. Above the budget of the process the largest holders are ended, which may include this
   * one.
   */
  set(bytes: number): void {
    const change = bytes - this.#bytes
    if (change === 0) return
    const { memory, processBufferBytes } = this.#budget
    if (bytes === 0) memory.leave(this)
    else if (this.#bytes === 0) memory.join(this)
    this.#bytes = bytes
    memory.heldBytes += change
    if (change > 0 && memory.heldBytes > processBufferBytes) memory.relieve(processBufferBytes)
  }

  largestStalledBytes(): number {
    return this.#bytes
  }

  resetLargestStalled(): void {
    this.set(0)
    this.#giveUp()
  }
}
