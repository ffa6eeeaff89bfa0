/** An exchange over a request and a response of node:http. */
import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ErrorCode } from '../../../wire/http2/http2.ts'
import { lingerThenDestroy, watchPipelined } from './node-connection.ts'
import { byName, mayHaveBody, NO_BODY, NodeExchange, type NodeExchangeInit } from './node-exchange.ts'
import type { ResponseBlock } from './response-block.ts'

/** The rest of a body that nobody reads is dropped up to this length; behind a longer one the connection is closed. */
const MAX_DROPPED_BYTES = 262_144

/** As text, a body leaves in one write with its head, without a list of buffers: 3 of 15 µs. Copying a long one costs more. */
const MAX_TEXT_BYTES = 4_096

/** What node:http gave its handler, before anybody has touched it, and the connection that it came by. */
export class Http1Exchange extends NodeExchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #isContinueDue: boolean
  #isDrainDue = false

  constructor(request: IncomingMessage, response: ServerResponse, init: NodeExchangeInit) {
    super(request, init)
    this.#request = request
    this.#response = response
    this.#isContinueDue = expectsContinue(request) && !hasSentContinue(response)
    response.on('close', () => this.#onClose())
    if (response.socket === null) watchPipelined(request, response, () => this.#onClose())
  }

  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void {
    if (this.isGone || this.#response.headersSent) return
    const fields = head.http1.slice()
    if (trailers === null && mayHaveBody(head.status)) fields.push('content-length', String(body.byteLength))
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
    if (this.isGone || this.#response.headersSent) return
    const socket = this.#response.socket
    // What is written in this turn leaves with the head.
    socket?.cork()
    this.#response.writeHead(head.status, [...head.http1])
    this.sentStatus = head.status
    this.#response.flushHeaders()
    process.nextTick(() => socket?.uncork())
  }

  mayWrite(): boolean {
    return this.isGone || this.isAnswered || !this.#isDrainDue
  }

  write(data: Uint8Array): boolean {
    if (this.isGone || this.isAnswered || data.byteLength === 0) return true
    this.sentBytes += data.byteLength
    if (this.#response.write(data)) return true
    this.hold(this.#response.writableLength)
    if (!this.#isDrainDue) this.#response.once('drain', () => this.#onDrain())
    this.#isDrainDue = true
    return false
  }

  end(data: Uint8Array = NO_BODY): void {
    if (!this.isGone && !this.isAnswered) this.#finish(data, null)
  }

  endWithTrailers(trailers: ResponseBlock): void {
    if (!this.isGone && !this.isAnswered) this.#finish(NO_BODY, trailers)
  }

  reset(_code: number): void {
    if (this.isGone) return
    this.isGone = true
    this.dropBody()
    // The response alone would do, but it does not know its socket while it waits behind another one.
    this.#response.destroy()
    this.#request.socket.destroy?.()
  }

  protected override get hasBegun(): boolean {
    return this.#response.headersSent
  }

  protected override askForBody(): void {
    if (!this.#isContinueDue) return
    this.#isContinueDue = false
    this.#response.writeContinue()
  }

  #finish(body: Uint8Array, trailers: ResponseBlock | null): void {
    const response = this.#response
    this.isAnswered = true
    this.sentBytes += body.byteLength
    if (!this.isPeerDone && hasRequestBody(this.#request)) this.#leaveBody()
    if (trailers !== null) response.addTrailers(byName(trailers.fields))
    if (body.byteLength === 0) response.end()
    else if (body.byteLength <= MAX_TEXT_BYTES) response.end(latin1(body), 'latin1')
    else {
      response.end(body)
      if (response.writableLength > 0) this.hold(body.byteLength)
    }
  }

  /** What else the peer sends is dropped, behind the answer. */
  #leaveBody(): void {
    const request = this.#request
    const { socket } = request
    const mustClose = this.#mustClose
    this.dropBody()
    // node:http closes behind an answer that says so, with this method.
    if (mustClose) socket.destroySoon = () => lingerThenDestroy(socket)
    this.#response.once('finish', () => {
      if (!this.isDecoded) request.resume()
      if (mustClose && !request.complete) lingerThenDestroy(socket)
    })
  }

  #onDrain(): void {
    this.#isDrainDue = false
    if (!this.isAnswered) this.hold(0)
    if (!this.isGone && !this.isAnswered) this.sink?.onWritable()
  }

  /** The rest of the body is too long to wait for, or may never come. */
  get #mustClose(): boolean {
    const request = this.#request
    if (this.isPeerDone || !hasRequestBody(request)) return false
    return (
      this.isDecoded ||
      this.#isContinueDue ||
      !(this.head.contentLength >= 0 && this.head.contentLength <= MAX_DROPPED_BYTES)
    )
  }

  #onClose(): void {
    this.hold(0)
    if (this.isGone || (this.isAnswered && this.#response.writableFinished)) return
    this.isGone = true
    this.dropBody()
    const reason = 'the client closed the connection'
    this.sink?.onReset({ code: ErrorCode.CANCEL, source: 'peer', reason })
  }
}

function latin1(data: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = data
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

function expectsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion !== '1.0' && headers.expect !== undefined && /^100-continue$/i.test(headers.expect)
}

/** By default node:http asks for every body itself. */
function hasSentContinue(response: ServerResponse & { readonly _sent100?: boolean }): boolean {
  return response._sent100 === true
}

function hasRequestBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
