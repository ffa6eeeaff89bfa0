/** The connection of a subchannel over HTTP/1.1: several sockets to one address, each for one request at a time. */
import type { Socket } from 'node:net'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock, Http2Stream } from '../../../wire/http2/http2.ts'
import { SessionStats } from '../../../wire/http2/session-stats.ts'
import { PoolRecord } from '../channelz/pool-record.ts'
import type { Departure } from '../contracts/connector.ts'
import { type Address, addressText } from '../contracts/endpoint.ts'
import type { HttpExchange, HttpListener, HttpRequest } from '../contracts/http-exchange.ts'
import type { MetadataLimits } from '../contracts/metadata-limits.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import { type CapacityOwner, CapacityQueue } from './capacity-queue.ts'
import type { DialListener } from './dial.ts'
import { Http1Exchange } from './http1-exchange.ts'
import { SocketPool } from './socket-pool.ts'

/** What a connection depends on. */
export interface Http1ConnectionParts {
  readonly address: Address
  /** Maximum number of requests in flight. */
  readonly maxSockets: number
  /** The limits of response heads. */
  readonly metadataLimits: MetadataLimits
  readonly clock: Clock
  /** Opens another socket. */
  dial(listener: DialListener): Socket
  /** Called once, when the connection takes no new calls. Not called after `close`. */
  readonly onLeaving: (departure: Departure) => void
}

/**
 * Servers may close idle sockets at any time, which says nothing about the address. So the connection leaves only when a socket cannot be
 * opened.
 */
export class Http1Connection implements SubchannelConnection, CapacityOwner {
  readonly peer: string
  readonly socket: SocketRecord
  readonly #parts: Http1ConnectionParts
  readonly #queue = new CapacityQueue(this)
  readonly #pool: SocketPool
  readonly #stats = new SessionStats()
  #openRequests = 0
  #hasLeft = false

  /** @param first a connected socket */
  constructor(first: Socket, parts: Http1ConnectionParts) {
    const { address, maxSockets, clock } = parts
    this.#parts = parts
    this.peer = addressText(address)
    this.#pool = new SocketPool(first, {
      maxSockets,
      clock,
      dial: (listener) => parts.dial(listener),
      onRefused: (error) => this.#leave(error),
    })
    this.socket = new PoolRecord({
      first,
      address,
      clock,
      maxSockets,
      stats: this.#stats,
      openRequests: () => this.#openRequests,
      isOpen: () => !this.#hasLeft || this.#openRequests > 0,
    })
  }

  get canRequest(): boolean {
    return !this.#hasLeft && this.hasRoom && this.#queue.isFree
  }

  get hasRoom(): boolean {
    return this.#openRequests < this.#parts.maxSockets
  }

  get hasLeft(): boolean {
    return this.#hasLeft
  }

  request(): Http2Stream {
    throw new ConnectError('gRPC needs HTTP/2', Code.Unimplemented)
  }

  exchange(request: HttpRequest, listener: HttpListener): HttpExchange {
    const { clock, metadataLimits } = this.#parts
    const exchange = new Http1Exchange(request, {
      agent: this.#pool,
      metadataLimits,
      listener,
      onDone: (hasAnswered) => this.#onDone(hasAnswered),
    })
    this.#openRequests += 1
    this.#stats.streamsStarted += 1
    this.#stats.lastStreamStartedAtMs = clock.now()
    return exchange
  }

  whenCapacity(callback: () => void): () => void {
    return this.#queue.wait(callback)
  }

  /** Closes the connection after the calls in flight have ended. */
  close(): void {
    this.#hasLeft = true
    this.#pool.close()
    this.#queue.serve()
  }

  #onDone(hasAnswered: boolean): void {
    this.#openRequests -= 1
    if (hasAnswered) this.#stats.streamsSucceeded += 1
    else this.#stats.streamsFailed += 1
    this.#queue.serve()
  }

  #leave(error: ConnectError): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#pool.close()
    this.#parts.onLeaving({
      error,
      hasServed: () => this.#stats.streamsSucceeded > 0 || this.#openRequests > 0,
    })
    this.#queue.serve()
  }
}
