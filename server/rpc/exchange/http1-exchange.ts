/** An exchange over a request and a response of node:http. */
import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { CallObservation } from '../../../wire/call-observer.ts'
import { BodyBuffer, ErrorCode } from '../../../wire/http2/http2.ts'
import type { Exchange, ExchangeConnection, ExchangeSink } from './exchange.ts'
import { HeldBytes, type MemoryBudget } from './held-bytes.ts'
import type { Http1Head } from './http1-head.ts'
import { lingerThenDestroy } from './linger-then-destroy.ts'
import type { RequestFault } from './refusal.ts'
import { ResponseBlock } from './response-block.ts'

/** The rest of a body that nobody reads is dropped up to this length; behind a longer one the connection is closed. */
const MAX_DROPPED_BYTES = 262_144

/** As text, a body leaves in one write with its head, without a list of buffers: 3 of 15 µs. Copying a long one costs more. */
const MAX_TEXT_BYTES = 4_096

const OUT_OF_MEMORY = ResponseBlock.once(503, [])

/** What is known of a request beside what node:http gives. */
export interface Http1ExchangeInit {
  /** Requests with equal heads may share it. */
  readonly head: Http1Head
  readonly connection: ExchangeConnection
  /** What the body and the answer may hold. */
  readonly budget: MemoryBudget
  /** The server has sent 100 Continue already, as node:http does by default. Default: false. */
  readonly isContinueSent?: boolean
  /** As of `Exchange`. */
  readonly observation?: CallObservation | null | undefined
}

/** What node:http gave its handler, before anybody has touched it, and the connection that it came by. */
export class Http1Exchange implements Exchange {
  readonly head: Http1Head
  readonly connection: ExchangeConnection
  readonly observation: CallObservation | null | undefined
  readonly openedAtMs = performance.now()
  sink: ExchangeSink | null = null
  sentStatus = 0
  sentBytes = 0
  deadlineAtMs = Number.POSITIVE_INFINITY
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  /** Where the body comes from: the request, unless somebody else decodes it. */
  #source: Readable
  readonly #budget: MemoryBudget
  readonly #body = new BodyBuffer()
  /** Null until something has to wait: most requests are read at once. */
  #held: HeldBytes | null = null
  /** Octets of the body so far. */
  receivedBytes = 0
  /** How many octets the owner waits for; 0 while it does not. */
  #wanted = 0
  #isListening = false
  #isContinueDue: boolean
  #isEnded = false
  #isDrainDue = false
  /** The owner has said all. */
  #isAnswered = false
  #isGone = false

  constructor(request: IncomingMessage, response: ServerResponse, init: Http1ExchangeInit) {
    const { head, connection, budget, isContinueSent = false } = init
    this.head = head
    this.connection = connection
    this.observation = init.observation
    this.#budget = budget
    this.#request = request
    this.#source = request
    this.#response = response
    this.#isContinueDue = !isContinueSent && expectsContinue(request)
    response.on('close', () => this.#onClose())
    if (response.socket === null) watchPipelined(request, response, () => this.#onClose())
  }

  /** The watch ends the exchange. */
  onStall(fault: RequestFault): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#dropBody()
    const reset = { code: ErrorCode.CANCEL, source: 'local', reason: fault.message } as const
    if (this.sentStatus > 0) {
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
    if (this.#isDecoded) return false
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
    if (this.#isGone) return false
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

  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void {
    if (this.#isGone || this.#response.headersSent) return
    const fields = head.http1.slice()
    if (trailers === null && hasBody(head.status)) fields.push('content-length', String(body.byteLength))
    if (this.#mustClose) fields.push('connection', 'close')
    this.#response.writeHead(head.status, fields)
    this.sentStatus = head.status
    this.#finish(body, trailers)
  }

  respond(head: ResponseBlock, endsResponse = false): void {
    if (endsResponse) {
      this.reply(head, NO_BODY, null)
      return
    }
    if (this.#isGone || this.#response.headersSent) return
    const socket = this.#response.socket
    // What is written in this turn leaves with the head.
    socket?.cork()
    this.#response.writeHead(head.status, [...head.http1])
    this.sentStatus = head.status
    this.#response.flushHeaders()
    process.nextTick(() => socket?.uncork())
  }

  write(data: Uint8Array): boolean {
    if (this.#isGone || this.#isAnswered || data.byteLength === 0) return true
    this.sentBytes += data.byteLength
    if (this.#response.write(data)) return true
    this.#hold(this.#response.writableLength)
    if (!this.#isDrainDue) this.#response.once('drain', () => this.#onDrain())
    this.#isDrainDue = true
    return false
  }

  writeCopy(prefix: Uint8Array, data: Uint8Array): boolean {
    return this.write(Buffer.concat([prefix, data]))
  }

  end(data: Uint8Array = NO_BODY): void {
    if (!this.#isGone && !this.#isAnswered) this.#finish(data, null)
  }

  endWithTrailers(trailers: ResponseBlock): void {
    if (!this.#isGone && !this.#isAnswered) this.#finish(NO_BODY, trailers)
  }

  reset(_code: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#dropBody()
    // The response alone would do, but it does not know its socket while it waits behind another one.
    this.#response.destroy()
    this.#request.socket.destroy?.()
  }

  /** HTTP/1.1 runs one call at a time on a connection anyway. */
  release(): void {}

  #pull(): void {
    if (this.#isContinueDue) {
      this.#isContinueDue = false
      this.#response.writeContinue()
    }
    if (this.#isListening) {
      this.#source.resume()
      return
    }
    this.#isListening = true
    this.#source.on('data', (chunk: Uint8Array | string) => this.#onData(asBuffer(chunk)))
    this.#source.on('end', () => {
      this.#isEnded = true
      this.#tellReadable()
    })
    // A stream that decodes may come paused, which a listener alone does not end.
    this.#source.resume()
  }

  #onData(chunk: Buffer): void {
    this.receivedBytes += chunk.byteLength
    if (this.#isAnswered || this.#isGone) return
    this.#body.push(chunk, 0, chunk.length)
    if (this.isPeerDone) this.#tellReadable()
    else if (this.#body.length >= this.#wanted) {
      this.#source.pause()
      this.#tellReadable()
    }
    if (!this.#isAnswered) this.#hold(this.#body.capacityBytes)
  }

  #tellReadable(): void {
    if (this.#wanted === 0 || this.#isGone) return
    this.#wanted = 0
    this.sink?.onReadable()
  }

  #finish(body: Uint8Array, trailers: ResponseBlock | null): void {
    const response = this.#response
    this.#isAnswered = true
    this.sentBytes += body.byteLength
    if (!this.isPeerDone && hasRequestBody(this.#request)) this.#leaveBody()
    if (trailers !== null) response.addTrailers(byName(trailers.fields))
    if (body.byteLength === 0) response.end()
    else if (body.byteLength <= MAX_TEXT_BYTES) response.end(latin1(body), 'latin1')
    else {
      response.end(body)
      if (response.writableLength > 0) this.#hold(body.byteLength)
    }
  }

  /** What else the peer sends is dropped, behind the answer. */
  #leaveBody(): void {
    const request = this.#request
    const { socket } = request
    const mustClose = this.#mustClose
    this.#dropBody()
    // node:http closes behind an answer that says so, with this method.
    if (mustClose) socket.destroySoon = () => lingerThenDestroy(socket)
    this.#response.once('finish', () => {
      if (!this.#isDecoded) request.resume()
      if (mustClose && !request.complete) lingerThenDestroy(socket)
    })
  }

  #onDrain(): void {
    this.#isDrainDue = false
    if (!this.#isAnswered) this.#hold(0)
    if (!this.#isGone && !this.#isAnswered) this.sink?.onWritable()
  }

  /** The rest of the body is too long to wait for, or may never come. */
  get #mustClose(): boolean {
    const request = this.#request
    if (this.isPeerDone || !hasRequestBody(request)) return false
    return (
      this.#isDecoded ||
      this.#isContinueDue ||
      !(this.head.contentLength >= 0 && this.head.contentLength <= MAX_DROPPED_BYTES)
    )
  }

  /** Of the request itself it is not known then how much of it has been read. */
  get #isDecoded(): boolean {
    return this.#source !== this.#request
  }

  #hold(bytes: number): void {
    if (bytes === 0 && this.#held === null) return
    this.#held ??= new HeldBytes(this.#budget, () => this.#giveUp())
    this.#held.set(bytes)
  }

  #dropBody(): void {
    this.#body.clear()
    this.#held?.set(0)
  }

  /** The process holds too much, and this exchange the most of it. */
  #giveUp(): void {
    if (this.#response.headersSent) this.reset(ErrorCode.ENHANCE_YOUR_CALM)
    else this.reply(OUT_OF_MEMORY, NO_BODY, null)
    this.#isGone = true
    this.sink?.onReset({ code: ErrorCode.ENHANCE_YOUR_CALM, source: 'local', reason: 'out of memory for messages' })
  }

  #onClose(): void {
    this.#held?.set(0)
    if (this.#isGone || (this.#isAnswered && this.#response.writableFinished)) return
    this.#isGone = true
    this.#dropBody()
    const reason = 'the client closed the connection'
    this.sink?.onReset({ code: ErrorCode.CANCEL, source: 'peer', reason })
  }
}

function latin1(data: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = data
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

const NO_BODY = new Uint8Array(0)

/** A stream that decodes may yield strings, or octets that are no Buffer. */
function asBuffer(chunk: Uint8Array | string): Buffer {
  if (chunk instanceof Buffer) return chunk
  return typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

/** Names that repeat have a list of values. Without a prototype no name means anything to JavaScript. */
function byName(fields: ResponseBlock['fields']): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = Object.create(null)
  for (const { name, value } of fields) {
    const before = values[name]
    values[name] = before === undefined ? value : [before, value].flat()
  }
  return values
}

function expectsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion !== '1.0' && headers.expect !== undefined && /^100-continue$/i.test(headers.expect)
}

function hasRequestBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/** RFC 9110, sections 15.3.5 and 15.4.5. */
function hasBody(status: number): boolean {
  return status !== 204 && status !== 304
}

/** A response that waits behind another one on its connection is not told when that closes. */
function watchPipelined({ socket }: IncomingMessage, response: ServerResponse, onClose: () => void): void {
  socket.setMaxListeners(0)
  socket.once('close', onClose)
  response.once('close', () => socket.off('close', onClose))
}
