/** An exchange over a request and a response of node:http. */
import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ErrorCode } from '../../../wire/http2/http2.ts'
import { lingerThenDestroy, watchPipelined } from './node-connection.ts'
import { NO_BODY, NodeExchange, type NodeExchangeInit } from './node-exchange.ts'
import { byName, mayHaveBody, type ResponseBlock } from './response-block.ts'

/** An unread body is drained up to this length, to keep the connection. With a longer one the connection is closed. */
const MAX_DROPPED_BYTES = 262_144

/**
 * As a string, a short body leaves in one write with its head, without a list of buffers (saves 3 of 15 µs). For longer
 * bodies copying costs more.
 */
const MAX_TEXT_BYTES = 4_096

/** Takes over the request and response that node:http passes to a handler. Nothing may have touched them before. */
export class Http1Exchange extends NodeExchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  /** Whether the client waits for `100 Continue`, which `want` sends. */
  isContinueDue: boolean
  #isDrainDue = false

  constructor(request: IncomingMessage, response: ServerResponse, init: NodeExchangeInit) {
    super(request, init)
    this.#request = request
    this.#response = response
    this.isContinueDue = expectsContinue(request) && !hasSentContinue(response)
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
    // Lets the head leave together with what is written in this turn.
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
    // Destroys the socket too: a pipelined response does not know its socket before its turn.
    this.#response.destroy()
    this.#request.socket.destroy?.()
  }

  protected override get hasBegun(): boolean {
    return this.#response.headersSent
  }

  protected override askForBody(): void {
    if (!this.isContinueDue) return
    this.isContinueDue = false
    this.#response.writeContinue()
  }

  /** Writes the rest of the response. A request body that is still arriving is dropped, because nothing reads it any more. */
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

  /** Drops the rest of the request body after the response. */
  #leaveBody(): void {
    const request = this.#request
    const { socket } = request
    const mustClose = this.#mustClose
    this.dropBody()
    // node:http calls this method to close after a response with `connection: close`.
    if (mustClose) socket.destroySoon = () => lingerThenDestroy(socket)
    this.#response.once('finish', () => {
      if (!this.isDecoded) request.resume()
      if (mustClose && !request.complete) lingerThenDestroy(socket)
    })
  }

  /** Wakes the owner, and no longer counts the written bytes as held. */
  #onDrain(): void {
    this.#isDrainDue = false
    if (!this.isAnswered) this.hold(0)
    if (!this.isGone && !this.isAnswered) this.sink?.onWritable()
  }

  /** Whether the rest of the body is too long to drain, or may never come. */
  get #mustClose(): boolean {
    const request = this.#request
    if (this.isPeerDone || !hasRequestBody(request)) return false
    return (
      this.isDecoded ||
      this.isContinueDue ||
      !(this.head.contentLength >= 0 && this.head.contentLength <= MAX_DROPPED_BYTES)
    )
  }

  /** The socket closed. After a complete response that is normal; otherwise the client is gone. */
  #onClose(): void {
    this.hold(0)
    if (this.isGone || (this.isAnswered && this.#response.writableFinished)) return
    this.isGone = true
    this.dropBody()
    const reason = 'the client closed the connection'
    this.sink?.onReset({ code: ErrorCode.CANCEL, source: 'peer', reason })
  }
}

/** A view of the bytes, not a copy. */
function latin1(data: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = data
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

function expectsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion !== '1.0' && headers.expect !== undefined && /^100-continue$/i.test(headers.expect)
}

/** By default node:http sends `100 Continue` itself. */
function hasSentContinue(response: ServerResponse & { readonly _sent100?: boolean }): boolean {
  return response._sent100 === true
}

function hasRequestBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
