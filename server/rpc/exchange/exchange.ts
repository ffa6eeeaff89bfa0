/** The interface between transports and protocols: one request, its body, its one response. */
import type { X509Certificate } from 'node:crypto'
import type { ContextValues } from '@connectrpc/connect'
import type { ByteSource } from '../../../wire/byte-source.ts'
import type { CallObservation } from '../../../wire/call-observer.ts'
import type { HeadKind, MemoryBudget, RequestVerdict } from '../../../wire/http2/http2.ts'
import type { RequestFault } from './refusal.ts'
import type { ResponseBlock } from './response-block.ts'

/** A header field of a request. */
export interface RequestField {
  /** Lower case. */
  readonly name: string
  /** Bytes as latin1 characters. */
  readonly value: string
}

/**
 * The head of a request. Transports share one object between requests with equal heads where they can; `RequestHead` of
 * wire/http2 is one implementation.
 */
export interface ExchangeHead {
  /** The HTTP method, such as `POST`. */
  readonly method: string
  /** The request target with its query. Begins with `/`, or is `*`. */
  readonly path: string
  /** Host and port, as the client states them. */
  readonly authority: string
  /** All fields in order, without pseudo-headers. `host` is among them over HTTP/1.1 only. */
  readonly fields: readonly RequestField[]
  /** What the transport found. Only `fine` heads are complete. */
  readonly verdict: RequestVerdict
  /** Returns the value of the first field with this lower-case name. */
  get(name: string): string | undefined
  /**
   * A slot for the lane's decision about this head, reused by requests that share it. Initially undefined; only the
   * lane uses it.
   */
  plan: unknown
  /** Shared by heads that differ only in volatile fields, such as trace ids and timeouts. Null or undefined: unknown. */
  readonly kind?: HeadKind | null
}

/** The TLS parameters of a connection. */
export interface PeerTls {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string
  /** The verified client certificate; undefined if there is none. */
  readonly certificate: X509Certificate | undefined
}

/** The connection of a call: one object for all requests of a connection. Its facts stay available after it closes. */
export interface ExchangeConnection {
  /** The peer's address without its port; empty on a Unix socket. */
  readonly remoteAddress: string
  /** The peer's port; 0 on a Unix socket. */
  readonly remotePort: number
  /** Both, for observers: `192.0.2.1:1234` or `[2001:db8::1]:1234`; empty on a Unix socket. */
  readonly peer: string
  /** Whether this process terminates TLS for the connection. */
  readonly isEncrypted: boolean
  /** Undefined for cleartext. */
  readonly tls?: PeerTls | undefined
  /** The HTTP version of the connection. */
  readonly httpVersion: '1.0' | '1.1' | '2'
  /** Whether both sides may send at the same time, whatever the HTTP version: the connection has become a WebSocket. Default: false. */
  readonly isFullDuplex?: boolean
}

/**
 * One request and its response. The transport passes it to the lane when the head is complete. The lane sets `sink`,
 * pulls the body, and responds in one of three ways: `reply`; `respond`, any number of `write`, then `end` or
 * `endWithTrailers`; or `reset`. It calls `release` exactly once.
 *
 * If the response ends before the request does, the transport stops reading and tells the client. After a reset by
 * either side all methods may still be called, and do nothing.
 */
export interface Exchange extends ByteSource {
  readonly head: ExchangeHead
  readonly connection: ExchangeConnection
  /** The memory budget of the process, which messages count towards. */
  readonly budget: MemoryBudget
  /** When the request arrived, by `performance.now()`, even if it was queued. Deadlines count from here. */
  readonly openedAtMs: number
  /** Receives the events of the exchange. */
  sink: ExchangeSink | null
  /** The observation that the port has started; null if no observer is interested. Undefined: the lane starts it. */
  readonly observation?: CallObservation | null | undefined
  /** The caller's address, where it is known from elsewhere, such as Fastify's `trustProxy`. */
  readonly clientAddress?: string | undefined
  /** The HTTP status that was sent; 0 before. */
  readonly sentStatus: number
  /** Response body bytes so far. */
  readonly sentBytes: number
  /** The deadline of the request, by `performance.now()`. A client that resets after it is not counted as abusive. */
  deadlineAtMs: number

  /**
   * Sends a complete response. The body may be empty and must not be changed afterwards. Without trailers, an HTTP/1.1
   * transport adds content-length.
   *
   * @throws HeaderListTooLargeError before anything is sent
   */
  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void
  /**
   * Sends the head; `endsResponse` ends the response with it.
   *
   * @throws HeaderListTooLargeError before anything is sent
   */
  respond(head: ResponseBlock, endsResponse?: boolean): void
  /**
   * Returns whether there is room for part of the body, which other streams of the connection may have taken. If not,
   * `onWritable` follows once.
   */
  mayWrite(): boolean
  /**
   * Sends part of the body, which must not be changed afterwards. Returns false if the caller should wait; `onWritable`
   * follows once.
   */
  write(data: Uint8Array): boolean
  /** As `write`, for `buffer[start, end)`. The octets are copied, and the buffer may be reused. */
  writeRange(buffer: Uint8Array, start: number, end: number): boolean
  /** Ends the response, with a last part of the body if given. */
  end(data?: Uint8Array): void
  /**
   * Ends the response with trailers; in HTTP/1.1 they follow a chunked body.
   *
   * @throws HeaderListTooLargeError before the trailers are sent
   */
  endWithTrailers(trailers: ResponseBlock): void
  /** Aborts the response and drops what is queued. `code` is an HTTP/2 error code; HTTP/1.1 closes the connection. */
  reset(code: number): void
  /** Called when the call has failed, before the error is sent. Default: does nothing. */
  onFailure?(thrown: unknown): void
  /** Creates the initial values of the call's context. Default: empty. */
  createContextValues?(): ContextValues
  /**
   * Frees the slot of the request among those that run on the connection. Called exactly once, when the handler has
   * returned.
   */
  release(): void
}

/** Receives the events of an exchange. Must not throw. */
export interface ExchangeSink {
  /** Whether the owner waits for the rest of something the client has begun. */
  readonly isOwed: boolean
  /** The bytes that `want` asked for have arrived, or the body has ended. */
  onReadable(): void
  /** There is room again after `mayWrite` or `write` returned false. */
  onWritable(): void
  /** The exchange was reset, but not by its owner. The last event. */
  onReset(reset: ExchangeReset): void
}

/** Why an exchange ended early. */
export interface ExchangeReset {
  /** An HTTP/2 error code; CANCEL if an HTTP/1.1 client disconnected. */
  readonly code: number
  /** What ended it: the client; this server, for a fault or a stall; or the loss of the connection. */
  readonly source: 'peer' | 'local' | 'connection'
  /** For logs. */
  readonly reason: string
  /** The response that the transport has sent in place of the owner; undefined if none. */
  readonly answered?: RequestFault
}
