/** An HTTP/2 connection of a subchannel, and the queue for its streams. */
import { Code, ConnectError } from '@connectrpc/connect'
import {
  ConnectionError,
  errorCodeName,
  type Goaway,
  type HeaderSource,
  type Http2Session,
  type Http2Stream,
  type Keepalive,
  type RequestOptions,
  type StreamSink,
  socketReason,
} from '../../../wire/http2/http2.ts'
import type { Departure } from '../contracts/connector.ts'
import type { HttpExchange, HttpListener, HttpRequest } from '../contracts/http-exchange.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import { type CapacityOwner, CapacityQueue } from './capacity-queue.ts'
import { Http2Exchange } from './http2-exchange.ts'

/** What a connection depends on. */
export interface Http2ConnectionParts {
  readonly session: Http2Session
  readonly keepalive: Keepalive
  /** As {@link SubchannelConnection.peer}. */
  readonly peer: string
  /** As {@link SubchannelConnection.socket}. */
  readonly socket: SocketRecord
  /** Called once, when the connection takes no new calls. Not called after `close`. */
  readonly onLeaving: (departure: Departure) => void
}

/** Receives the events of its session. */
export class Http2Connection implements SubchannelConnection, CapacityOwner {
  readonly peer: string
  readonly socket: SocketRecord
  readonly #parts: Http2ConnectionParts
  readonly #queue = new CapacityQueue(this)
  #hasLeft = false

  constructor(parts: Http2ConnectionParts) {
    this.#parts = parts
    this.peer = parts.peer
    this.socket = parts.socket
  }

  /** Starts the session. */
  start(): void {
    this.#parts.session.start()
  }

  get canRequest(): boolean {
    return !this.#hasLeft && this.#parts.session.canRequest && this.#queue.isFree
  }

  get hasRoom(): boolean {
    return this.#parts.session.canRequest
  }

  get hasLeft(): boolean {
    return this.#hasLeft
  }

  request(head: HeaderSource, sink: StreamSink, options?: RequestOptions): Http2Stream {
    const { session, keepalive } = this.#parts
    const stream = session.request(head, sink, options)
    if (session.openStreams === 1) keepalive.wake()
    return stream
  }

  exchange(request: HttpRequest, listener: HttpListener): HttpExchange {
    return new Http2Exchange(this, request, listener)
  }

  whenCapacity(callback: () => void): () => void {
    return this.#queue.wait(callback)
  }

  /** Called by the session when there is room. */
  onCapacity(): void {
    this.#queue.serve()
  }

  /** Called by the session. */
  onGoaway({ reason }: Goaway): void {
    this.#leave(reason === '' ? 'the server is leaving' : `the server is leaving: ${reason}`)
  }

  /** Called by the session. */
  onClose(error: Error | undefined): void {
    this.#parts.keepalive.stop()
    this.#leave(error === undefined ? 'the connection was closed' : `the connection was lost: ${reasonOf(error)}`)
  }

  /** Closes the connection after the calls in flight have ended. */
  close(): void {
    this.#hasLeft = true
    this.#parts.session.close()
    this.#queue.serve()
  }

  #leave(message: string): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    const { session, onLeaving } = this.#parts
    onLeaving({
      error: new ConnectError(message, Code.Unavailable),
      // Streams that a GOAWAY refuses were reset before, and the server has promised to process the others.
      hasServed: () => session.stats.answersBegun > 0 || session.openStreams > 0,
    })
    this.#queue.serve()
  }
}

/** Returns the reason of an error, with the RFC 9113 name of an HTTP/2 code. */
function reasonOf(error: Error): string {
  return error instanceof ConnectionError ? `${errorCodeName(error.code)}: ${error.message}` : socketReason(error)
}
