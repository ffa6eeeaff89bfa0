/** The contract between the transport and its owners: who calls what, when, and what may be assumed. */
import type { Buffer } from 'node:buffer'
import type { RequestHead, ResponseHead } from './head.ts'
import type { HeaderSource } from './header-template.ts'
import type { HeaderField } from './hpack/header-field.ts'
import type { OctetRange } from './octets.ts'
import type { MemoryBudget } from './process-memory.ts'
import type { SessionStats } from './session-stats.ts'
import type { PeerSettings } from './settings.ts'

/**
 * A stream, for its owner. No method calls the sink synchronously, and the sink may call the methods of its stream. After a reset by either
 * side, the methods do nothing.
 */
export interface Http2Stream {
  /** 0 at a client until the request is sent. */
  readonly id: number
  /** The memory budget of the process, in which the stream counts. */
  readonly budget: MemoryBudget
  /** When the stream was created, by the clock of the session. Deadlines count from here, even while it waits for a slot. */
  readonly openedAtMs: number
  /** Receives the events of the stream. A server sets it in `onRequest`. */
  sink: StreamSink | null
  /**
   * The request's own deadline, by the clock of the session; a server sets it. Clients reset a call at about the time when it times out
   * at the server, so a reset after half of the time does not count as early. Default: none.
   */
  deadlineAtMs: number
  /** Whether to add a date to our head (RFC 9110 section 6.6.1), unless it has one. A server sets it before `respond`. Default: false. */
  addsDate: boolean

  /** Octets of our body that were sent. */
  readonly sentBytes: number
  /** Octets of the peer's body that can be read. */
  readonly readableBytes: number
  /** Whether the peer has sent its whole message. Unread octets stay readable. */
  readonly isPeerDone: boolean
  /** The peer's trailers, once it is done; null if there were none. */
  readonly trailers: readonly HeaderField[] | null
  /** Whether the trailers exceeded the limit of header fields, and are incomplete. */
  readonly areTrailersCut: boolean
  /**
   * Requests one `onReadable` for when this many octets can be read or the peer is done. Returns true if that is so already; no call
   * follows then. While the caller waits for more than there is, octets count as consumed on receipt, so that no message is too large for
   * a window. So the caller must check its own limit first. To gather a whole body, wait for one octet more than is allowed.
   */
  want(bytes: number): boolean
  /** Returns a readable octet without consuming it, at an offset from the next one. */
  byteAt(offset: number): number
  /** Consumes the next octets, and returns credit to the peer. Copy what is kept beyond the turn. */
  read(bytes: number): Buffer
  /** Returns the next octets that lie together; null for none. Valid until the next call of any method, or the end of the turn. */
  peek(): OctetRange | null
  /** Consumes octets that `peek` has returned, as `read` does, without a view of them. */
  skip(bytes: number): void

  /** Server: sends an interim response (103, or 100 before reading a body), before `respond`. */
  inform(fields: HeaderSource): void
  /** Server: sends the head. Throws {@link HeaderListTooLargeError}. */
  respond(head: HeaderSource, endsStream?: boolean): void
  /** Whether a piece of the body may be queued now. If not, one `onWritable` follows, after which to ask again. */
  mayWrite(): boolean
  /** Queues a piece of the body, which must not change afterwards. Returns false when the queue is full; one `onWritable` follows. */
  write(data: Uint8Array): boolean
  /** As `write`, for `buffer[start, end)`. The octets are copied, and the buffer may be reused. */
  writeRange(buffer: Uint8Array, start: number, end: number): boolean
  /** Ends our side, optionally with a last piece of the body. A server drops the unread rest of the request. */
  end(data?: Uint8Array): void
  /** Ends our side with trailers. Throws {@link HeaderListTooLargeError}. */
  sendTrailers(trailers: HeaderSource): void
  /** Sends a whole response: head, body and trailers. The cheapest way for a unary call. Throws as `respond`. */
  reply(head: HeaderSource, data: Uint8Array, trailers: HeaderSource | null): void
  /** Resets the stream immediately, and drops what is queued. */
  reset(code: number): void
  /** Server: frees the slot of the handler, which is done with the stream. Call it once per stream. */
  release(): void
}

/** Receives the events of a stream, after the chunk that brought them was parsed. Must not throw. */
export interface StreamSink {
  /**
   * Server: whether the owner waits for octets that the peer owes. The stream is reset if the peer sends none for `stallTimeoutMs`, although
   * it could. Default: whether a part of the octets for which `want` waits has arrived.
   */
  readonly isOwed?: boolean
  /** Client: the head of the response has arrived. Interim responses are dropped. */
  onHead(stream: Http2Stream, head: ResponseHead): void
  /** The octets that `want` waited for have arrived, or the end with the trailers. */
  onReadable(stream: Http2Stream): void
  /** There is room again after a `write` that returned false. */
  onWritable(stream: Http2Stream): void
  /** The stream was reset, other than by the owner. No other call follows. */
  onReset(stream: Http2Stream, reset: StreamReset): void
}

/** Why a stream was reset. */
export interface StreamReset {
  /** The code of the RST_STREAM or GOAWAY, of the peer or of ours. */
  readonly code: number
  /** What reset it: the peer; the session, for a fault or a stall; or the loss of the connection. */
  readonly source: 'peer' | 'local' | 'connection'
  /** Whether the peer is known not to have processed the request, so that a retry is safe (RFC 9113, section 8.7). */
  readonly isUnprocessed: boolean
  /** For logs. */
  readonly reason: string
}

/** Receives the events of a session. Only `onClose` is required. */
export interface SessionHandler {
  /** The peer's SETTINGS have arrived. A client can send requests after the first; later ones may allow more. */
  onSettings?(session: Http2Session, settings: Readonly<PeerSettings>): void
  /** A PING of ours was acknowledged. */
  onPingAck?(session: Http2Session, roundTripMs: number): void
  /** The peer sent a PING, which the session acknowledges. */
  onPing?(session: Http2Session): void
  /** The peer sent a GOAWAY: no new streams. The sinks of unprocessed requests were called before. */
  onGoaway?(session: Http2Session, goaway: Goaway): void
  /** A client that had reached the limit of streams can send another request. */
  onCapacity?(session: Http2Session): void
  /** A callback of the owner threw; its stream was reset. */
  onFault?(session: Http2Session, error: unknown): void
  /** The session has ended; called once, after the sinks of its streams. `error` is undefined after a normal end. */
  onClose(session: Http2Session, error: Error | undefined): void
}

/** Receives the events of a server session. */
export interface ServerSessionHandler extends SessionHandler {
  /**
   * Returns the timeout that the peer set for a request, in milliseconds; undefined if there is none. Called only for requests that were
   * reset before `onRequest`.
   */
  timeoutMsOf?(head: RequestHead): number | undefined
  /** Whether the client is bound by `pingPolicy`. Asked when a PING violates it. Default: it is. */
  isBoundByPingPolicy?(): boolean
  /** A request has arrived. Its body may have arrived, too, in part or whole. */
  onRequest(stream: Http2Stream, head: RequestHead): void
}

/** A peer's GOAWAY. */
export interface Goaway {
  readonly code: number
  readonly lastStreamId: number
  /** The debug data, as latin1, at most 256 octets of it. */
  readonly reason: string
}

/** A connection. */
export interface Http2Session {
  /** The settings of the peer. */
  readonly peer: Readonly<PeerSettings>
  /** Totals since the start, for channelz and metrics. */
  readonly stats: Readonly<SessionStats>
  /** Number of open streams. */
  readonly openStreams: number
  /** Whether a client can send a request now: the server has sent SETTINGS and has room, and neither side is leaving. */
  readonly canRequest: boolean
  /** Whether the session is ending or has ended, so that it takes no new streams. */
  readonly isClosing: boolean
  /** Memory kept alive by octets that were received and not consumed. */
  readonly heldBytes: number
  /** The connection's send window, in octets. */
  readonly sendWindow: number
  /** The connection's receive window, in octets. */
  readonly receiveWindow: number
  /**
   * Starts the session. The handler is called from here on, possibly before `start` returns. Nothing is read, sent or timed before.
   * Throws an Error when called twice.
   */
  start(): void
  /** Client: sends a request; only while `canRequest`. Throws as `respond`. */
  request(head: HeaderSource, sink: StreamSink, options?: RequestOptions): Http2Stream
  /** Sends a PING; `onPingAck` follows. False if 10 are unacknowledged already. */
  ping(): boolean
  /** Sends a GOAWAY with this code immediately. Open streams go on. */
  goaway(code: number, reason?: string): void
  /**
   * Closes gracefully: GOAWAY, the streams end, the socket closes. Resets the rest after `graceMs`. Default: no limit.
   *
   * @param reason the debug data of the GOAWAY. Default: none
   */
  close(graceMs?: number, reason?: string): void
  /** Closes immediately: resets the streams, sends a GOAWAY with `code`, and closes the socket. */
  destroy(code: number, reason?: string): void
}

/** Options of a request. */
export interface RequestOptions {
  /** Whether the request has no body. Default: false. */
  readonly endsStream?: boolean
  /** Whether the method is HEAD, so that a content-length in the response announces no body. Default: false. */
  readonly isHead?: boolean
}
