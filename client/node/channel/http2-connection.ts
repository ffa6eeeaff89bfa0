/** One HTTP/2 connection of a subchannel: who may open a stream, and until when. */
import { Code, ConnectError } from '@connectrpc/connect'
import type {
  Goaway,
  HeaderSource,
  Http2Session,
  Http2Stream,
  RequestOptions,
  StreamSink,
} from '../../../wire/http2/http2.ts'
import type { SocketRecord } from '../channelz/socket-record.ts'
import type { Departure } from './connector.ts'
import type { Keepalive } from './keepalive.ts'
import type { SubchannelConnection } from './subchannel.ts'

/** What a connection is made of. */
export interface Http2ConnectionParts {
  readonly session: Http2Session
  readonly keepalive: Keepalive
  /** As {@link SubchannelConnection.peer}. */
  readonly peer: string
  /** As {@link SubchannelConnection.socket}. */
  readonly socket: SocketRecord
  /** Called once, when no new calls can be made. Not after `close`. */
  readonly onLeaving: (departure: Departure) => void
}

/** Calls that find no room wait in a queue of their own, so that none has to be refused by the server. */
export class Http2Connection implements SubchannelConnection {
  readonly peer: string
  readonly socket: SocketRecord
  readonly #parts: Http2ConnectionParts
  readonly #waiting = new Set<() => void>()
  #isServingQueue = false
  #hasLeft = false

  constructor(parts: Http2ConnectionParts) {
    this.#parts = parts
    this.peer = parts.peer
    this.socket = parts.socket
  }

  get canRequest(): boolean {
    if (this.#hasLeft || !this.#parts.session.canRequest) return false
    return this.#isServingQueue || this.#waiting.size === 0
  }

  request(head: HeaderSource, sink: StreamSink, options?: RequestOptions): Http2Stream {
    const { session, keepalive } = this.#parts
    const stream = session.request(head, sink, options)
    if (session.openStreams === 1) keepalive.wake()
    return stream
  }

  whenCapacity(callback: () => void): () => void {
    // One of its own each time: the same function may wait twice.
    const own = (): void => callback()
    this.#waiting.add(own)
    if (this.#hasLeft) queueMicrotask(() => this.#serve())
    return () => {
      if (this.#waiting.delete(own)) this.onCapacity()
    }
  }

  /** From the session: there is room. Whoever waits longest goes first. */
  onCapacity(): void {
    if (this.#waiting.size > 0) this.#serve()
  }

  /** From the session. */
  onGoaway({ reason }: Goaway): void {
    this.#leave(reason === '' ? 'the server is leaving' : `the server is leaving: ${reason}`)
  }

  /** From the session. */
  onClose(error: Error | undefined): void {
    this.#parts.keepalive.stop()
    this.#leave(error === undefined ? 'the connection was closed' : `the connection was lost: ${error.message}`)
  }

  /** The owner lets go: calls under way end in peace. */
  close(): void {
    this.#hasLeft = true
    this.#parts.session.close()
    this.#serve()
  }

  #leave(message: string): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    const hasServed = this.#parts.session.stats.streamsSucceeded > 0
    this.#parts.onLeaving({ error: new ConnectError(message, Code.Unavailable), hasServed })
    this.#serve()
  }

  /** Those who are called either make a request at once or have no use for the room: then it is the next one's. */
  #serve(): void {
    this.#isServingQueue = true
    for (const callback of this.#waiting) {
      if (!this.#hasLeft && !this.#parts.session.canRequest) break
      this.#waiting.delete(callback)
      callback()
    }
    this.#isServingQueue = false
  }
}
