/** An exchange over a request and a response of node:http2. */
import { constants, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2'
import { NO_BODY, NodeExchange, type NodeExchangeInit } from './node-exchange.ts'
import { byName, mayHaveBody, type ResponseBlock } from './response-block.ts'

/** Connection-specific fields, which HTTP/2 must not carry (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

/**
 * Takes over the request and response that node:http2 passes to a handler. Nothing may have touched them before. Writes
 * to the stream, because the response object cannot send a head that ends the stream.
 */
export class NodeHttp2Exchange extends NodeExchange {
  readonly #request: Http2ServerRequest
  readonly #response: Http2ServerResponse
  readonly #stream: ServerHttp2Stream
  #isDrainDue = false

  constructor(request: Http2ServerRequest, response: Http2ServerResponse, init: NodeExchangeInit) {
    super(request, init)
    this.#request = request
    this.#response = response
    this.#stream = request.stream as ServerHttp2Stream
    this.#stream.on('close', () => this.#onClose())
    // A stream that fails is also closed, which `#onClose` handles.
    this.#stream.on('error', () => {})
  }

  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void {
    if (!this.#canBegin) return
    const isHeadAll = body.byteLength === 0 && trailers === null
    const length = trailers === null && mayHaveBody(head.status) ? { 'content-length': body.byteLength } : {}
    this.#respond(head, length, isHeadAll)
    this.#finish(body, trailers)
  }

  respond(head: ResponseBlock, endsResponse = false): void {
    if (!this.#canBegin) return
    this.#respond(head, {}, endsResponse)
    if (endsResponse) this.#finish(NO_BODY, null)
  }

  mayWrite(): boolean {
    return this.isGone || this.isAnswered || !this.#isDrainDue
  }

  write(data: Uint8Array): boolean {
    if (this.isGone || this.isAnswered || data.byteLength === 0) return true
    this.sentBytes += data.byteLength
    if (this.#stream.write(data)) return true
    this.hold(this.#stream.writableLength)
    if (!this.#isDrainDue) this.#stream.once('drain', () => this.#onDrain())
    this.#isDrainDue = true
    return false
  }

  end(data: Uint8Array = NO_BODY): void {
    if (!this.isGone && !this.isAnswered) this.#finish(data, null)
  }

  endWithTrailers(trailers: ResponseBlock): void {
    if (!this.isGone && !this.isAnswered) this.#finish(NO_BODY, trailers)
  }

  reset(code: number): void {
    if (this.isGone) return
    this.isGone = true
    this.dropBody()
    this.#stream.close(code)
  }

  protected override get hasBegun(): boolean {
    return this.#stream.headersSent
  }

  get #canBegin(): boolean {
    return !this.isGone && !this.#stream.destroyed && !this.#stream.headersSent
  }

  #respond(head: ResponseBlock, length: Readonly<Record<string, number>>, endStream: boolean): void {
    const fields = head.fields.filter(({ name }) => !CONNECTION_FIELDS.has(name))
    const headers = { ':status': head.status, ...byName(fields), ...length }
    this.sentStatus = head.status
    // Written to the stream, so the response object must be told for hooks that read it.
    this.#response.statusCode = head.status
    this.#stream.respond(headers, endStream ? { endStream } : { waitForTrailers: true })
  }

  /** Writes the rest of the response. `addTrailers` must come before `end`, which asks for them. */
  #finish(body: Uint8Array, trailers: ResponseBlock | null): void {
    const stream = this.#stream
    this.isAnswered = true
    this.sentBytes += body.byteLength
    // The response object sends the trailers when the body has been sent.
    if (trailers !== null) this.#response.addTrailers(byName(trailers.fields))
    if (!this.isPeerDone) this.#leaveBody()
    if (body.byteLength === 0) stream.end()
    else stream.end(body)
    if (stream.writableLength > 0) this.hold(body.byteLength)
  }

  /** Tells the client, after the response, that the rest of the request is not needed (RFC 9113 section 8.1). */
  #leaveBody(): void {
    const stream = this.#stream
    this.dropBody()
    stream.once('finish', () =>
      setImmediate(() => {
        if (!this.#request.complete && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
      }),
    )
  }

  #onDrain(): void {
    this.#isDrainDue = false
    if (!this.isAnswered) this.hold(0)
    if (!this.isGone && !this.isAnswered) this.sink?.onWritable()
  }

  /**
   * After a complete response a close without an error code is normal; otherwise the client or its connection is gone.
   */
  #onClose(): void {
    const { rstCode, session } = this.#stream
    this.hold(0)
    if (this.isGone || (this.isAnswered && rstCode === constants.NGHTTP2_NO_ERROR)) return
    this.isGone = true
    this.dropBody()
    const isLost = session === undefined || session.destroyed
    const source = isLost ? 'connection' : 'peer'
    const code = rstCode === constants.NGHTTP2_NO_ERROR ? constants.NGHTTP2_CANCEL : rstCode
    this.sink?.onReset({ code, source, reason: isLost ? 'the connection is gone' : 'the client reset the stream' })
  }
}
