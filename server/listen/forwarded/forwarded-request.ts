/** Hands a request over HTTP/2 to handlers of node:http, and sends their response. */
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
import { type BodyCounter, ForwardedResponse } from './forwarded-response.ts'
import { type Carrier, MemorySocket, type MemorySocketOwner, type WrittenPiece } from './memory-socket.ts'
import { completeRequest, createPair } from './node-http.ts'

/** Serves a request and its response, as a server of node:http does for those that it has parsed. */
export type ServeRequest = (request: IncomingMessage, response: ServerResponse) => void

/** A request over HTTP/2, and the connection that it came by. */
export interface Forwardable {
  readonly stream: Http2Stream
  readonly head: RequestHead
  readonly carrier: Carrier
  readonly counter: BodyCounter
  /** Receives the error of a response that HTTP/2 cannot carry; its stream is reset. For the log. */
  onFault(error: unknown): void
}

/**
 * One exchange. Handlers get a true `IncomingMessage` and a true `ServerResponse`, as frameworks want them that set the
 * prototypes of node:http. The request's body is pushed into the one; the other writes HTTP/1.1 to a socket in memory, which is
 * read here. Nothing passes the client half of node:http, which other libraries patch.
 */
export class ForwardedRequest implements StreamSink, MemorySocketOwner {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly head: RequestHead
  readonly carrier: Carrier
  readonly #stream: Http2Stream
  readonly #socket: MemorySocket
  readonly #answer: ForwardedResponse
  readonly #counter: BodyCounter
  readonly #onFault: (error: unknown) => void
  /** Lets the response write on. */
  #onRoom: (() => void) | undefined
  #isReaderFull = false
  #isOver = false

  /** The exchange that a request belongs to; undefined for one that node:http has parsed. */
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

  /** Starts the exchange. What a handler enters of an `AsyncLocalStorage` holds for its own request alone. */
  start(serve: ServeRequest): void {
    this.#stream.sink = this
    new AsyncResource('HTTPINCOMINGMESSAGE').runInAsyncScope(serve, undefined, this.request, this.response)
    this.#pump()
  }

  /** Of clients only. */
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

  /** The response is written, or a handler has ended the socket itself. */
  onEnd(): void {
    if (!this.#isOver) this.#send(null)
    if (this.#isOver) return
    this.#isOver = true
    this.#leaveRequest()
    this.#stream.release()
    // Behind all listeners for the end of the response.
    process.nextTick(destroySocket, this.#socket)
  }

  onResume(): void {
    if (!this.#isReaderFull) return
    this.#isReaderFull = false
    this.#pump()
  }

  /** As node:http has it: without anybody who listens, the connection is over. */
  onTimeout(): void {
    const { request, response } = this
    const isRequestHeard = !request.complete && request.emit('timeout', this.#socket)
    const isResponseHeard = response.emit('timeout', this.#socket)
    if (!isRequestHeard && !isResponseHeard) this.#socket.destroy()
  }

  /** A handler broke off. */
  onDestroy(): void {
    if (!this.#isOver) this.#fail()
  }

  /** Gives the reader of the request what has come of its body, as long as it takes it. */
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
    // What was read stands for the turn alone.
    const chunk = Buffer.from(stream.read(stream.readableBytes))
    this.#counter.noteReceived(chunk)
    return this.request.push(chunk)
  }

  #completeRequest(): void {
    if (this.#stream.areTrailersCut) this.#fail()
    else completeRequest(this.request, this.#stream.trailers)
  }

  /**
   * Sends what was written of the response; null is its end. What cannot be sent ends the exchange.
   *
   * @returns whether more may be written
   */
  #send(pieces: readonly WrittenPiece[] | null): boolean {
    const answer = this.#answer
    try {
      if (pieces === null) answer.finish()
      else answer.read(pieces)
      if (answer.isComplete) this.#takeRest()
      return answer.flush()
    } catch (error) {
      // Whatever the handler says, a peer may set its limit lower.
      if (!(error instanceof HeaderListTooLargeError)) this.#onFault(error)
      this.#fail()
      return true
    }
  }

  /** A stream drops what is unread when its answer ends. What has come in full, a handler may read behind its answer. */
  #takeRest(): void {
    if (this.request.complete || !this.#stream.isPeerDone) return
    if (this.#stream.readableBytes > 0) this.#pushBody()
    this.#completeRequest()
  }

  /** Lets a request end that has its answer. */
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
    // First, as node:http has it: a request that is destroyed passes its error on to a socket that is not.
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

/** As node:http makes it for a request whose connection has ended. */
function abortedError(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
}

/** Somebody waits for more of the body. */
function isRead(request: IncomingMessage): boolean {
  return request.listenerCount('data') > 0 || request.listenerCount('readable') > 0
}

function destroySocket(socket: MemorySocket): void {
  socket.destroy()
}
