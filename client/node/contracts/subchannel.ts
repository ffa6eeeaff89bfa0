/** One address as load balancers see it: a connection that comes and goes. */
import type { ConnectError } from '@connectrpc/connect'
import type { HeaderSource, Http2Stream, RequestOptions, StreamSink } from '../../../wire/http2/http2.ts'
import type { CallCounter } from './call-counter.ts'
import type { ConnectivityState } from './connectivity-state.ts'
import type { Address } from './endpoint.ts'
import type { HttpExchange, HttpListener, HttpRequest } from './http-exchange.ts'
import type { SocketRecord } from './socket-record.ts'

/**
 * Made by {@link ChannelControlHelper.createSubchannel}, owned by the load balancer that asked for it. A policy may wrap it
 * to change what others see, and passes the rest on. No method calls a listener before it returns, but for `shutdown`'s
 * silence: nobody is told anything after that.
 */
export interface Subchannel {
  readonly address: Address
  /** The attempts of calls that are made over it: whoever makes one counts it here. */
  readonly calls: CallCounter
  /** The raw connectivity; what a health check or an ejection says does not show here. */
  readonly state: ConnectivityState
  /** Why the last attempt failed, while `state` is TRANSIENT_FAILURE; else undefined. */
  readonly lastError: ConnectError | undefined
  /** Where calls go. Null unless `state` is READY. */
  readonly connection: SubchannelConnection | null
  /**
   * Asks for a connection. It does something in IDLE only: while TRANSIENT_FAILURE lasts, which is as long as the backoff,
   * the subchannel goes to IDLE by itself and waits to be asked again (gRFC A61).
   */
  connect(): void
  /** Forgets the failures so far: an attempt that waits for its backoff may be made at once. */
  resetBackoff(): void
  /**
   * Tells of changes of the raw connectivity. The current state is not told; read `state`. Returns a function that ends it.
   */
  watch(listener: SubchannelListener): () => void
  /**
   * Tells whether it should be picked, while the raw connectivity is READY: READY, or CONNECTING until that is known, or
   * TRANSIENT_FAILURE (gRFC A17, A50, A61). The current health is told first, in a microtask. Only policies that choose
   * between endpoints ask for it; where nobody checks, it is READY as soon as the connection is. Returns a function that ends it.
   */
  watchHealth(listener: SubchannelListener): () => void
  /**
   * Keeps a stream to the server open whenever there is a connection, for what the client asks by itself: about health, about load.
   * It counts as one of the streams that the server allows, but as no call: the channel may rest meanwhile. It ends with the
   * connection. Returns a function that ends it for good.
   */
  keepStream(request: StandingRequest, listener: StandingListener): () => void
  /** The owner lets go: new calls go elsewhere, calls under way end in peace. */
  shutdown(): void
}

/** Called in a microtask of its own, never from within a method of the subchannel. Must not throw. */
export type SubchannelListener = (change: SubchannelChange) => void

/** What a {@link SubchannelListener} is told. */
export interface SubchannelChange {
  readonly state: ConnectivityState
  /** For TRANSIENT_FAILURE: why. */
  readonly error: ConnectError | undefined
}

/** A question that a server answers by a stream. */
export interface StandingRequest {
  /** `/package.Service/Method`. */
  readonly path: string
  /** The message, encoded. */
  readonly message: Uint8Array
}

/** Told of a stream that is kept. Called at any time, but not from within a method of the subchannel. */
export interface StandingListener {
  /** An answer, encoded. What it throws ends the stream as a fault of the server. */
  onMessage(data: Uint8Array): void
  /** The stream has ended, with OK too. Another follows: at once if this one brought anything, else after a backoff. */
  onFailed(error: ConnectError): void
  /** Another attempt begins, on the same connection. */
  onRetry(): void
  /** The server does not know the method: it is not asked again on this connection. */
  onUnimplemented(error: ConnectError): void
}

/** The connection of a READY subchannel. It stays usable for calls under way after the subchannel has moved on. */
export interface SubchannelConnection {
  /** Whether `request` may be called now: there is room for another stream and nobody is leaving. */
  readonly canRequest: boolean
  /** The peer's address as connected, for `CallOptions` and logs: `10.0.0.1:80`. */
  readonly peer: string
  /** What is shown of it. */
  readonly socket: SocketRecord
  /** Makes a request of gRPC; only while `canRequest`. Throws HeaderListTooLargeError; over HTTP/1.1 UNIMPLEMENTED. */
  request(head: HeaderSource, sink: StreamSink, options?: RequestOptions): Http2Stream
  /** Makes a request of any other protocol; only while `canRequest`. Throws HeaderListTooLargeError. */
  exchange(request: HttpRequest, listener: HttpListener): HttpExchange
  /**
   * Calls back once there may be room for another stream, or once the connection takes no more. First come, first served.
   * Returns a function that gives up the place.
   */
  whenCapacity(callback: () => void): () => void
}
