/** The one seam between transports and protocols: a request, its body, its one response. */

import type { X509Certificate } from 'node:crypto'
import type { ContextValues } from '@connectrpc/connect'
import type { ByteSource } from '../../../wire/byte-source.ts'
import type { CallObservation } from '../../../wire/call-observer.ts'
import type { MemoryBudget, RequestVerdict } from '../../../wire/http2/http2.ts'
import type { RequestFault } from './refusal.ts'
import type { ResponseBlock } from './response-block.ts'

/** A field of a request's head. */
export interface RequestField {
  /** Lower case. */
  readonly name: string
  /** Octets as latin1 characters. */
  readonly value: string
}

/**
 * The head of a request. Transports share one object between requests with equal heads where they can; `RequestHead` of
 * wire/http2 is one.
 */
export interface ExchangeHead {
  /** The verb, as `POST`. */
  readonly method: string
  /** The request target with its query; begins with `/`, or is `*`. */
  readonly path: string
  /** Host and port as the peer states them. */
  readonly authority: string
  /** All fields in their order, but for pseudo-headers; host is among them only over HTTP/1.1. */
  readonly fields: readonly RequestField[]
  /** What the transport found. Only `fine` heads are complete. */
  readonly verdict: RequestVerdict
  /** The value of the first field with this lower-case name. */
  get(name: string): string | undefined
  /** What the lane concluded from this head, kept for the next request that shares it. The lane's alone; first undefined. */
  plan: unknown
}

/** The TLS of a connection. */
export interface PeerTls {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string
  /** Of the client, verified; undefined if it has shown none. */
  readonly certificate: X509Certificate | undefined
}

/** A connection, as far as a call may know it: one object for all of its requests. */
export interface ExchangeConnection {
  /** The peer's address without its port; empty where there is none, as on a unix socket. */
  readonly remoteAddress: string
  /** The peer's port, 0 where there is none. */
  readonly remotePort: number
  /** The octets went through TLS of ours. */
  readonly isEncrypted: boolean
  /** What is known of that TLS; undefined in cleartext. */
  readonly tls?: PeerTls | undefined
  /** The version that the peer speaks. */
  readonly httpVersion: '1.0' | '1.1' | '2'
}

/**
 * One request and its response. The lane is given it once the head is there, sets `sink`, pulls the body, answers in one of
 * three ways (`reply`; `respond`, any `write`, then `end` or `endWithTrailers`; `reset`), and calls `release` once.
 * When the response ends before the request does, the transport stops reading and tells the peer so.
 * After a reset, by either side, every method is harmless and does nothing.
 */
export interface Exchange extends ByteSource {
  readonly head: ExchangeHead
  readonly connection: ExchangeConnection
  /** What messages may hold, together with all that the process does. */
  readonly budget: MemoryBudget
  /** When the request came, by `performance.now()`, even if it had to wait for its turn: deadlines count from here. */
  readonly openedAtMs: number
  /** Receives what happens. */
  sink: ExchangeSink | null
  /** Observers know of its start already, and hear here how it goes on; null: none is interested. Undefined: it starts now. */
  readonly observation?: CallObservation | null | undefined
  /** The address of the caller, where somebody else has found it out. */
  readonly clientAddress?: string | undefined
  /** The HTTP status that was sent; 0 while there is none. */
  readonly sentStatus: number
  /** Octets of the response's body so far. */
  readonly sentBytes: number
  /** The request's own deadline, by `performance.now()`: a client that leaves from then on has a reason. */
  deadlineAtMs: number

  /**
   * A whole response. The body may be empty; it is not changed any more. Without trailers an HTTP/1.1 transport states its
   * length. @throws HeaderListTooLargeError, and nothing was sent
   */
  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void
  /** The head alone; `endsResponse` makes it all there is. @throws HeaderListTooLargeError, and nothing was sent */
  respond(head: ResponseBlock, endsResponse?: boolean): void
  /** Whether there is room for a piece of the body: others of the connection may have taken it. False: one `onWritable` follows. */
  mayWrite(): boolean
  /** A piece of the body, which is not changed any more. False: enough for now, one `onWritable` follows. */
  write(data: Uint8Array): boolean
  /** As `write`, for a short piece given in two parts; they are copied, and may be changed afterwards. */
  writeCopy(prefix: Uint8Array, data: Uint8Array): boolean
  /** Ends the response, with the last piece of its body if there is one. */
  end(data?: Uint8Array): void
  /** Ends the response with trailers, which HTTP/1.1 puts behind a chunked body. @throws HeaderListTooLargeError */
  endWithTrailers(trailers: ResponseBlock): void
  /** Breaks off: what is queued is dropped. `code` is an error code of HTTP/2; HTTP/1.1 cuts the connection. */
  reset(code: number): void
  /** The call has failed, with what was thrown; an answer follows. Default: nothing hears of it. */
  onFailure?(thrown: unknown): void
  /** Makes the values that the context of a call starts with. Default: none. */
  createContextValues?(): ContextValues
  /** The handler is done, however it went: frees its place among those that run on the connection. Exactly once. */
  release(): void
}

/** What happens to an exchange. Must not throw. */
export interface ExchangeSink {
  /** The owner waits for what the peer has begun and not finished: it owes octets, or its end. */
  readonly isOwed: boolean
  /** What `want` asked for is there: enough octets, or the end. */
  onReadable(): void
  /** After a `write` that said false: go on. */
  onWritable(): void
  /** The exchange is gone, not by the owner's own `reset`. Nothing else is called after it. */
  onReset(reset: ExchangeReset): void
}

/** Why an exchange ended before its time. */
export interface ExchangeReset {
  /** An error code of HTTP/2; CANCEL where an HTTP/1.1 client left. */
  readonly code: number
  /** The peer left this request; we gave it up, for a fault or a stall; or the connection is gone. */
  readonly source: 'peer' | 'local' | 'connection'
  /** For logs. */
  readonly reason: string
  /** What the transport has answered in place of the owner; undefined: nothing. */
  readonly answered?: RequestFault
}
