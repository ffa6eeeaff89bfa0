/** Carries a request that is no call from our HTTP/2 to node:http, over a memory connection, and its response back. */
import { type ClientRequest, type IncomingMessage, type InformationEvent, request as sendRequest } from 'node:http'
import {
  type EncodableField,
  ErrorCode,
  HeaderListTooLargeError,
  type Http2Stream,
  type RequestHead,
  type StreamSink,
} from '../../wire/http2/http2.ts'
import { type Carrier, MemorySocket } from './memory-socket.ts'

/** Fields of a connection, which HTTP/2 must not carry (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

/** What responses may have in their heads, above which node:http breaks off: generous, as they are our own. */
const MAX_RESPONSE_HEAD_BYTES = 65_536

const CONTINUE = 100

/** What is forwarded, and over which connection it came. */
export interface Forwardable {
  readonly stream: Http2Stream
  readonly head: RequestHead
  readonly carrier: Carrier
  /** Told once nothing of it is left. */
  onClose(): void
}

/**
 * One request, on a memory connection of its own: node:http's client parser on our side and its server on the other, so
 * that the handler sees what it would see of a client that speaks HTTP/1.1.
 */
export class ForwardedRequest implements StreamSink {
  readonly #stream: Http2Stream
  readonly #head: RequestHead
  readonly #near: MemorySocket
  readonly #request: ClientRequest
  #response: IncomingMessage | undefined
  #isOver = false

  /**
   * @param accept takes the server's end of the connection
   * @throws TypeError where node:http cannot express the head; then nothing was sent anywhere
   */
  constructor({ stream, head, carrier, onClose }: Forwardable, accept: (socket: MemorySocket) => void) {
    const [near, far] = MemorySocket.pair(carrier)
    this.#stream = stream
    this.#head = head
    this.#near = near
    this.#request = toHttp1(stream, head, near)
    stream.sink = this
    this.#listen(onClose)
    accept(far)
    this.#pump()
  }

  /** Breaks off what is still under way, as when the connection is lost. */
  destroy(): void {
    this.#isOver = true
    this.#near.destroy()
  }

  /** Of clients only. */
  onHead(): void {}

  onReadable(): void {
    this.#pump()
  }

  onWritable(): void {
    this.#response?.resume()
  }

  onReset(): void {
    this.#stream.release()
    this.destroy()
  }

  #listen(onClose: () => void): void {
    this.#request.on('information', (information) => this.#onInformation(information))
    this.#request.on('response', (response) => this.#onResponse(response))
    this.#request.on('error', () => this.#fail())
    this.#near.on('close', () => {
      this.#fail()
      onClose()
    })
  }

  /** Passes on what came of the body, as long as the handler takes it. */
  #pump(): void {
    const stream = this.#stream
    while (!this.#isOver && stream.want(1)) {
      const { readableBytes } = stream
      if (readableBytes === 0) {
        this.#endRequest()
        return
      }
      if (!this.#request.write(stream.read(readableBytes))) {
        this.#request.once('drain', () => this.#pump())
        return
      }
    }
  }

  #endRequest(): void {
    const { trailers } = this.#stream
    try {
      if (trailers !== null) {
        this.#request.addTrailers(trailers.map(({ name, value }): [string, string] => [name, value]))
      }
      this.#request.end()
    } catch {
      // HTTP/1.1 has no words for what the client sent.
      this.#fail()
    }
  }

  #onInformation({ statusCode, rawHeaders }: InformationEvent): void {
    if (this.#isOver) return
    const fields = statusCode === CONTINUE ? [] : toFields(rawHeaders)
    // Hints may be left out.
    fitsPeer(() => this.#stream.inform([statusField(statusCode), ...fields]))
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#isOver) return
    this.#response = response
    const { statusCode = 500, rawHeaders } = response
    const isHeadAll = hasNoBody(response, this.#head.method)
    if (!fitsPeer(() => this.#stream.respond([statusField(statusCode), ...toFields(rawHeaders)], isHeadAll))) {
      this.#fail()
      return
    }
    response.on('data', (chunk: Buffer) => {
      if (!this.#stream.write(chunk)) response.pause()
    })
    response.on('end', () => this.#endResponse(response, isHeadAll))
    response.on('error', () => this.#fail())
  }

  #endResponse(response: IncomingMessage, isHeadAll: boolean): void {
    if (this.#isOver) return
    const trailers = isHeadAll ? [] : toFields(response.rawTrailers)
    if (trailers.length > 0 && !fitsPeer(() => this.#stream.sendTrailers(trailers))) {
      this.#fail()
      return
    }
    this.#isOver = true
    if (trailers.length === 0 && !isHeadAll) this.#stream.end()
    this.#stream.release()
    // What the handler has in full it may go on to read behind its own answer.
    if (!this.#request.writableFinished) this.#near.destroy()
  }

  /** The exchange cannot be completed: the handler broke off, or one side has no way to say what the other one said. */
  #fail(): void {
    if (this.#isOver) return
    this.destroy()
    this.#stream.reset(ErrorCode.INTERNAL_ERROR)
    this.#stream.release()
  }
}

/** Sends fields; false where they are above the limit that the peer has set, and nothing was sent. */
function fitsPeer(send: () => void): boolean {
  try {
    send()
    return true
  } catch (error) {
    if (error instanceof HeaderListTooLargeError) return false
    throw error
  }
}

/** The head goes out at once, unless the body is there already and goes with it. */
function toHttp1(stream: Http2Stream, head: RequestHead, near: MemorySocket): ClientRequest {
  const request = sendRequest({
    createConnection: () => near,
    method: head.method,
    path: head.path,
    setHost: false,
    maxHeaderSize: MAX_RESPONSE_HEAD_BYTES,
  })
  // It is no field of the client's.
  request.removeHeader('connection')
  for (const [name, value] of http1Headers(stream, head)) request.setHeader(name, value)
  if (!stream.isPeerDone) request.flushHeaders()
  return request
}

function http1Headers(stream: Http2Stream, head: RequestHead): Map<string, string | string[]> {
  const headers = new Map<string, string | string[]>([['host', head.authority]])
  for (const { name, value } of head.fields) {
    const before = headers.get(name)
    // Crumbs are one field in HTTP/1.1 (RFC 9113 section 8.2.3).
    if (before === undefined) headers.set(name, value)
    else if (name === 'cookie') headers.set(name, `${before}; ${value}`)
    else headers.set(name, [before, value].flat())
  }
  const isBodiless = stream.isPeerDone && stream.readableBytes === 0 && stream.trailers === null
  const hasTrailers = stream.trailers !== null || headers.has('trailer')
  if (hasTrailers) headers.delete('content-length')
  if (!isBodiless && !headers.has('content-length')) headers.set('transfer-encoding', 'chunked')
  return headers
}

/** Then the head ends the stream: no frame of body, not even an empty one, follows. */
function hasNoBody({ statusCode, headers }: IncomingMessage, method: string): boolean {
  return method === 'HEAD' || statusCode === 204 || statusCode === 304 || headers['content-length'] === '0'
}

function statusField(status: number): EncodableField {
  return { name: ':status', value: String(status) }
}

/** Names and values alternate. */
function toFields(raw: readonly string[]): EncodableField[] {
  const fields: EncodableField[] = []
  for (let at = 1; at < raw.length; at += 2) {
    const name = (raw[at - 1] ?? '').toLowerCase()
    if (!CONNECTION_FIELDS.has(name)) fields.push({ name, value: raw[at] ?? '' })
  }
  return fields
}
