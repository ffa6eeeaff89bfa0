/** Passes an HTTP/2 request to handlers of node:http, and sends their response. */
import { AsyncResource } from 'node:async_hooks'
import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  ErrorCode,
  HeaderListTooLargeError,
  type Http2Stream,
  type RequestHead,
  type StreamReset,
  type StreamSink,
} from '../../../wire/http2/http2.ts'
import { HeadFault } from '../../rpc/exchange/refusal.ts'
import type { ForwardableStream } from './forwardable-stream.ts'
import { type BodyCounter, ForwardedResponse } from './forwarded-response.ts'
import { type Carrier, MemorySocket, type MemorySocketOwner, type WrittenPiece } from './memory-socket.ts'
import { completeRequest, createPair } from './node-http.ts'

/** Serves a request and its response, as a server of node:http does after parsing. */
export type ServeRequest = (request: IncomingMessage, response: ServerResponse) => void

/** A request of our own HTTP/2, or of a WebSocket, and its connection. */
export interface Forwardable {
  readonly stream: ForwardableStream
  readonly head: RequestHead
  readonly carrier: Carrier
  readonly counter: BodyCounter
  /** Logs the error of a response that HTTP/2 cannot carry. Its stream has been reset. */
  onFault(error: unknown): void
}

/**
 * One request. Handlers get a real `IncomingMessage` and a real `ServerResponse`, because frameworks such as Express
 * replace their prototypes. The request body is pushed into the former; the latter writes HTTP/1.1 to an in-memory
 * socket, which is parsed here. The client classes of node:http are not involved, since other libraries patch them.
 */
export class ForwardedRequest implements StreamSink, MemorySocketOwner {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly head: RequestHead
  readonly carrier: Carrier
  readonly #stream: ForwardableStream
  readonly #socket: MemorySocket
  readonly #answer: ForwardedResponse
  readonly #counter: BodyCounter
  readonly #onFault: (error: unknown) => void
  /** Resumes the response after backpressure. */
  #onRoom: (() => void) | undefined
  #isReaderFull = false
  #isOver = false

  /**
   * Returns the forwarded request behind a request of node:http; undefined for one that node:http has parsed itself.
   */
  static of({ socket }: IncomingMessage): ForwardedRequest | undefined {
    return socket instanceof MemorySocket && socket.owner instanceof ForwardedRequest ? socket.owner : undefined
  }

  constructor({ stream, head, carrier, counter, onFault }: Forwardable) {
    const socket = MemorySocket.of(carrier, this)
    const { request, response } = createPair(head, socket)
    response.on('finish', () => this.onEnd())
    this.head = head
    this.#counter = counter
    this.carrier = carrier
    this.request = request
    this.response = response
    this.#stream = stream
    this.#socket = socket
    this.#onFault = onFault
    this.#answer = new ForwardedResponse(stream, counter, head.method === 'HEAD')
  }

  /** Octets of the response that have left. */
  get leftBytes(): number {
    return this.#stream.sentBytes
  }

  /**
   * Starts the request in an async scope of its own, so that `AsyncLocalStorage.enterWith` in a handler affects this
   * request only.
   */
  start(serve: ServeRequest): void {
    this.#stream.sink = this
    new AsyncResource('HTTPINCOMINGMESSAGE').runInAsyncScope(serve, undefined, this.request, this.response)
    this.#pump()
  }

  /** For clients only. */
  onHead(): void {}

  onReadable(): void {
    this.#socket.touch()
    this.#pump()
  }

  onWritable(): void {
    this.#socket.touch()
    this.#callRoom()
  }

  onReset(_stream: Http2Stream, { source, code, reason }: StreamReset): void {
    const isStall = source === 'local' && code === ErrorCode.CANCEL
    if (isStall) this.#counter.onStall?.({ ...HeadFault.STALLED, message: reason }, false)
    this.#close()
  }

  onWrite(pieces: readonly WrittenPiece[], done: () => void): void {
    this.#onRoom = done
    if (this.#isOver || this.#send(pieces)) this.#callRoom()
  }

  /** The response is complete, or a handler has ended the socket itself. */
  onEnd(): void {
    if (!this.#isOver) this.#send(null)
    if (this.#isOver) return
    this.#isOver = true
    this.#leaveRequest()
    this.#stream.release()
    // After all listeners for the end of the response.
    process.nextTick(destroySocket, this.#socket)
  }

  onResume(): void {
    if (!this.#isReaderFull) return
    this.#isReaderFull = false
    this.#pump()
  }

  /** As in node:http: without a listener, a timeout closes the connection. */
  onTimeout(): void {
    const { request, response } = this
    const isRequestHeard = !request.complete && request.emit('timeout', this.#socket)
    const isResponseHeard = response.emit('timeout', this.#socket)
    if (!isRequestHeard && !isResponseHeard) this.#socket.destroy()
  }

  /** A handler has destroyed the socket. */
  onDestroy(): void {
    if (!this.#isOver) this.#fail()
  }

  /** Pushes the body into the request until its buffer is full. */
  #pump(): void {
    const stream = this.#stream
    while (!this.#isOver && !this.#isReaderFull && stream.want(1)) {
      if (stream.readableBytes === 0) this.#completeRequest()
      else this.#isReaderFull = !this.#pushBody()
      if (this.request.complete) return
    }
  }

  #pushBody(): boolean {
    const stream = this.#stream
    // Copied, because the read bytes are valid in this turn only.
    const chunk = Buffer.from(stream.read(stream.readableBytes))
    this.#counter.noteReceived(chunk)
    return this.request.push(chunk)
  }

  #completeRequest(): void {
    if (this.#stream.areTrailersCut) this.#fail()
    else completeRequest(this.request, this.#stream.trailers)
  }

  /**
   * Sends what was written of the response; null for its end. A response that cannot be sent ends the request.
   *
   * @returns whether there is room for more
   */
  #send(pieces: readonly WrittenPiece[] | null): boolean {
    const answer = this.#answer
    try {
      if (pieces === null) answer.finish()
      else answer.read(pieces)
      if (answer.isComplete) this.#takeRest()
      return answer.flush()
    } catch (error) {
      // Not a fault of the handler: the client may set a low limit.
      if (!(error instanceof HeaderListTooLargeError)) this.#onFault(error)
      this.#fail()
      return true
    }
  }

  /** A stream discards unread input when the response ends, but a handler may read a complete body after that. */
  #takeRest(): void {
    if (this.request.complete || !this.#stream.isPeerDone) return
    if (this.#stream.readableBytes > 0) this.#pushBody()
    this.#completeRequest()
  }

  /** Ends a request that has its response. If the handler still reads the body, it gets an error, as with node:http. */
  #leaveRequest(): void {
    const { request } = this
    if (!request.complete && isRead(request)) {
      request.destroy(abortedError())
      return
    }
    if (!request.complete) completeRequest(request, null)
    if (request.readableFlowing === null) request.resume()
  }

  #fail(): void {
    if (this.#isOver) return
    this.#stream.reset(ErrorCode.INTERNAL_ERROR)
    this.#close()
  }

  #close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stream.release()
    // First the socket, as in node:http: destroying a request would emit its error on a socket that is still open.
    this.#socket.destroy()
    if (!this.request.destroyed) this.request.destroy(abortedError())
    this.#callRoom()
  }

  #callRoom(): void {
    const onRoom = this.#onRoom
    this.#onRoom = undefined
    onRoom?.()
  }
}

/** The error that node:http creates when the connection of a request has ended. */
function abortedError(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
}

/** Whether a handler waits for more of the body. */
function isRead(request: IncomingMessage): boolean {
  return request.listenerCount('data') > 0 || request.listenerCount('readable') > 0
}

function destroySocket(socket: MemorySocket): void {
  socket.destroy()
}
