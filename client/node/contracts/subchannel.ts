/** The contract of subchannels: a connection to one address, for load balancers. */
import type { ConnectError } from '@connectrpc/connect'
import type { CallCounter } from '../../../wire/channelz/call-counter.ts'
import type { HeaderSource, Http2Stream, RequestOptions, StreamSink } from '../../../wire/http2/http2.ts'
import type { ConnectivityState } from './connectivity-state.ts'
import type { Address } from './endpoint.ts'
import type { HttpExchange, HttpListener, HttpRequest } from './http-exchange.ts'
import type { SocketRecord } from './socket-record.ts'

/**
 * Created by {@link ChannelControlHelper.createSubchannel}, and owned by the load balancer that called it. A policy may wrap it to override a
 * part. No method calls a listener synchronously, and no listener is called after `shutdown`.
 */
export interface Subchannel {
  readonly address: Address
  /** Counts the attempts of calls over it. The maker of an attempt counts it here. */
  readonly calls: CallCounter
  /** The raw connectivity, regardless of health checks and ejections. */
  readonly state: ConnectivityState
  /** Why the last attempt failed, while `state` is TRANSIENT_FAILURE; else undefined. */
  readonly lastError: ConnectError | undefined
  /** The connection for calls. Null unless `state` is READY. */
  readonly connection: SubchannelConnection | null
  /**
   * Requests a connection. Has an effect in IDLE only. After TRANSIENT_FAILURE, which lasts as long as the backoff, the subchannel is IDLE
   * again and waits for the next request (gRFC A61).
   */
  connect(): void
  /** Ends the backoff, and forgets past failures. */
  resetBackoff(): void
  /**
   * Calls the listener for changes of the raw connectivity, but not for the current state; read `state`. Returns a function that removes it.
   */
  watch(listener: SubchannelListener): () => void
  /**
   * Calls the listener for changes of the health. While the raw connectivity is READY, the health is READY, TRANSIENT_FAILURE, or CONNECTING
   * until it is known (gRFC A17, A50, A61); otherwise it is the raw connectivity. The first call, in a microtask, has the current health.
   * Only for policies that choose between endpoints. Without a health check it is READY with the connection. Returns a function that
   * removes the listener.
   */
  watchHealth(listener: SubchannelListener): () => void
  /**
   * Keeps a stream to the server open while there is a connection, for the client's own requests for health and load. It counts as a stream
   * of the connection, but not as a call, so the channel may become IDLE. It ends with the connection. Returns a function that ends it
   * permanently.
   */
  keepStream(request: StandingRequest, listener: StandingListener): () => void
  /** Shuts the subchannel down. Calls in flight continue to their end. */
  shutdown(): void
}

/** Called in a microtask, never synchronously from a method of the subchannel. Must not throw. */
export type SubchannelListener = (change: SubchannelChange) => void

/** A change of the connectivity or health. */
export interface SubchannelChange {
  readonly state: ConnectivityState
  /** The reason for TRANSIENT_FAILURE. */
  readonly error: ConnectError | undefined
}

/** A request that a server answers with a stream. */
export interface StandingRequest {
  /** `/package.Service/Method`. */
  readonly path: string
  /** The message, encoded. */
  readonly message: Uint8Array
}

/** Receives the events of a kept stream, at any time, but not synchronously from a method of the subchannel. */
export interface StandingListener {
  /** An encoded message. An error that the listener throws ends the stream, as an error of the server does. */
  onMessage(data: Uint8Array): void
  /** The stream has ended, possibly with OK. Another one follows: immediately if this one had a message, else after a backoff. */
  onFailed(error: ConnectError): void
  /** Another attempt starts on the same connection. */
  onRetry(): void
  /** The server does not implement the method. It is not called again on this connection. */
  onUnimplemented(error: ConnectError): void
}

/** The connection of a READY subchannel. Calls in flight can use it even after the subchannel has left READY. */
export interface SubchannelConnection {
  /** Whether `request` may be called now: there is room for another stream, and neither side is leaving. */
  readonly canRequest: boolean
  /** The connected address of the peer, for `CallOptions` and logs: `10.0.0.1:80`. */
  readonly peer: string
  /** The channelz record. */
  readonly socket: SocketRecord
  /** Sends a gRPC request; only while `canRequest`. Throws HeaderListTooLargeError, and UNIMPLEMENTED over HTTP/1.1. */
  request(head: HeaderSource, sink: StreamSink, options?: RequestOptions): Http2Stream
  /** Sends a request of another protocol; only while `canRequest`. Throws HeaderListTooLargeError. */
  exchange(request: HttpRequest, listener: HttpListener): HttpExchange
  /**
   * Calls back when there may be room for another stream, or the connection takes no more. First come, first served. Returns a function that
   * gives up the place.
   */
  whenCapacity(callback: () => void): () => void
}
