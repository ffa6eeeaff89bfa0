/** What exchanges have in common whose request is a stream of Node's: the way of its body to the owner. */
import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Readable } from 'node:stream'
import type { CallObservation } from '../../../wire/call-observer.ts'
import { BodyBuffer, ErrorCode, type MemoryBudget, type MemoryHolder } from '../../../wire/http2/http2.ts'
import type { Exchange, ExchangeConnection, ExchangeSink } from './exchange.ts'
import type { NodeHead } from './node-request.ts'
import type { RequestFault } from './refusal.ts'
import { ResponseBlock } from './response-block.ts'

const OUT_OF_MEMORY = ResponseBlock.once(503, [])

/** A body without octets. */
export const NO_BODY = new Uint8Array(0)

/** What is known of a request beside what Node gives. */
export interface NodeExchangeInit {
  /** Requests with equal heads may share it. */
  readonly head: NodeHead
  readonly connection: ExchangeConnection
  /** What the body and the answer may hold. */
  readonly budget: MemoryBudget
  /** As of `Exchange`. */
  readonly observation?: CallObservation | null | undefined
}

/** Reads, and counts what it holds; how answers are written is up to the version of HTTP. */
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
  /** Octets of the body so far. */
  receivedBytes = 0
  /** The owner has said all. */
  protected isAnswered = false
  protected isGone = false
  readonly #request: IncomingMessage | Http2ServerRequest
  /** Where the body comes from: the request, unless somebody else decodes it. */
  #source: Readable
  readonly #body = new BodyBuffer()
  /** Null until something has to wait: most requests are read at once. */
  #held: HeldBytes | null = null
  /** How many octets the owner waits for; 0 while it does not. */
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

  /** The watch ends the exchange; `isAnswered`: with the fault as its answer, if there is none yet. */
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

  /** For the watch that ends what stalls. */
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
   * Reads the body from a stream that decodes the request's, instead of from the request. To be called before the first
   * `want`. Faults of the stream are its owner's to watch for: the exchange only sees octets and their end.
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

  writeCopy(prefix: Uint8Array, data: Uint8Array): boolean {
    return this.write(Buffer.concat([prefix, data]))
  }

  /** Node runs as many requests of a connection as come. */
  release(): void {}

  /** Of the request itself it is not known then how much of it has been read. */
  protected get isDecoded(): boolean {
    return this.#source !== this.#request
  }

  /** Somebody wants the body. */
  protected askForBody(): void {}

  protected abstract get hasBegun(): boolean

  protected hold(bytes: number): void {
    if (bytes === 0 && this.#held === null) return
    this.#held ??= new HeldBytes(this.budget, () => this.#giveUp())
    this.#held.set(bytes)
  }

  protected dropBody(): void {
    this.#body.clear()
    this.#held?.set(0)
  }

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
    // A stream that decodes may come paused, which a listener alone does not end.
    this.#source.resume()
  }

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

  /** The process holds too much, and this exchange the most of it. */
  #giveUp(): void {
    if (this.hasBegun) this.reset(ErrorCode.ENHANCE_YOUR_CALM)
    else this.reply(OUT_OF_MEMORY, NO_BODY, null)
    this.isGone = true
    this.sink?.onReset({ code: ErrorCode.ENHANCE_YOUR_CALM, source: 'local', reason: 'out of memory for messages' })
  }
}

/** Names that repeat have a list of values. Without a prototype no name means anything to JavaScript. */
export function byName(fields: ResponseBlock['fields']): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = Object.create(null)
  for (const { name, value } of fields) {
    const before = values[name]
    values[name] = before === undefined ? value : [before, value].flat()
  }
  return values
}

/** RFC 9110, sections 15.3.5 and 15.4.5. */
export function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304
}

/** A stream that decodes may yield strings, or octets that are no Buffer. */
function asBuffer(chunk: Uint8Array | string): Buffer {
  if (chunk instanceof Buffer) return chunk
  return typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

/** Takes part in the gauge of the process while it holds anything. */
export class HeldBytes implements MemoryHolder {
  readonly #budget: MemoryBudget
  readonly #giveUp: () => void
  #bytes = 0

  /** @param giveUp ends the exchange, which holds the most of all; what it held counts no more */
  constructor(budget: MemoryBudget, giveUp: () => void) {
    this.#budget = budget
    this.#giveUp = giveUp
  }

  /** The exchange holds so much from now on. Above the budget of the process the largest holders are given up, maybe this one. */
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
