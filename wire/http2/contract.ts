/** The contract between the transport and its owners: who calls what, when, and what may be assumed. */
import type { Buffer } from 'node:buffer'
import type { RequestHead, ResponseHead } from './head.ts'
import type { HeaderSource } from './header-template.ts'
import type { HeaderField } from './hpack/header-field.ts'
import type { MemoryBudget } from './process-memory.ts'
import type { SessionStats } from './session-stats.ts'
import type { PeerSettings } from './settings.ts'

/**
 * One stream as its owner sees it. Nothing here calls the sink back synchronously, but `read` and `write` of one stream may be
 * called from within its sink. After a reset, by either side, every method is harmless and does nothing.
 */
export interface Http2Stream {
  /** 0 at a client until the request is on its way. */
  readonly id: number
  /** What it may hold, together with all that the process does. */
  readonly budget: MemoryBudget
  /** When the stream came to be, by the clock of the session: deadlines count from here, even while it waited for its turn. */
  readonly openedAtMs: number
  /** Who is told of what happens; a server sets it in `onRequest`, if it wants to know. */
  sink: StreamSink | null
  /**
   * The request's own deadline, by the clock of the session; a server sets it. Clients reset what times out at about the
   * moment when the server gives it up: after half of the time a reset is no early one. Default: never.
   */
  deadlineAtMs: number
  /** Puts the date on our head (RFC 9110 section 6.6.1), unless it has one; a server sets it before `respond`. Default: false. */
  addsDate: boolean

  /** Octets of our own body that have gone out. */
  readonly sentBytes: number
  /** Octets of the peer's body that can be read. */
  readonly readableBytes: number
  /** The peer has sent all of its message; what is not read yet stays readable. */
  readonly isPeerDone: boolean
  /** The peer's trailers, once it is done; null if there were none. */
  readonly trailers: readonly HeaderField[] | null
  /** The trailers were over the limit of header fields and are incomplete. */
  readonly areTrailersCut: boolean
  /**
   * Asks for one `onReadable` when that many octets can be read or the peer is done. True: it is so already, and no call
   * follows. While it is asked for more than there is, octets count as consumed on receipt, so that no message is too large
   * for a window: the caller sees to its own limit. To gather a whole body, ask for one octet more than is allowed.
   */
  want(bytes: number): boolean
  /** Looks at an octet that can be read, at a distance from the next one. */
  byteAt(offset: number): number
  /** Takes the next octets out and gives the peer credit for them. What is kept beyond the turn must be copied. */
  read(bytes: number): Buffer

  /** A server's interim response (103, or 100 before a body is read), before `respond`. */
  inform(fields: HeaderSource): void
  /** A server's head. Throws {@link HeaderListTooLargeError}. */
  respond(head: HeaderSource, endsStream?: boolean): void
  /** Whether a piece of the body may be queued now. False: one `onWritable` follows, and the question is to be asked again. */
  mayWrite(): boolean
  /** Queues a piece of the body, which must not be changed any more. False: enough for now, one `onWritable` follows. */
  write(data: Uint8Array): boolean
  /** As `write`, for a short piece given in two parts; they are copied, and may be changed afterwards. */
  writeCopy(prefix: Uint8Array, data: Uint8Array): boolean
  /** Ends our side, with the last piece of the body if there is one. A server drops what it has not read of the request. */
  end(data?: Uint8Array): void
  /** Ends our side with trailers. Throws {@link HeaderListTooLargeError}. */
  sendTrailers(trailers: HeaderSource): void
  /** A whole response at once: head, body, trailers. The cheapest way for a unary call. Throws as `respond`. */
  reply(head: HeaderSource, data: Uint8Array, trailers: HeaderSource | null): void
  /** Ends both sides at once; what is queued is dropped. */
  reset(code: number): void
  /** A server's handler is done with the stream, however it went. To be called once a stream: it frees the handler's slot. */
  release(): void
}

/** What happens to a stream. Called after the chunk was parsed that brought it; must not throw. */
export interface StreamSink {
  /**
   * The owner of a server's stream waits for octets that the peer owes it. A peer that sends none of them for `stallTimeoutMs`,
   * though it could, is reset. Default: a part of what `want` asked for is there.
   */
  readonly isOwed?: boolean
  /** A client's answer begins. Interim responses are dropped. */
  onHead(stream: Http2Stream, head: ResponseHead): void
  /** What `want` asked for is there: enough octets, or the end with the trailers. */
  onReadable(stream: Http2Stream): void
  /** After a `write` that said false: go on. */
  onWritable(stream: Http2Stream): void
  /** The stream is gone, not by the owner's own `reset`. Nothing else is called after it. */
  onReset(stream: Http2Stream, reset: StreamReset): void
}

/** Why a stream ended before its time. */
export interface StreamReset {
  /** The code of the peer's RST_STREAM or GOAWAY, or of ours. */
  readonly code: number
  /** The peer reset it; we did, for a fault or a stall; or the connection is gone. */
  readonly source: 'peer' | 'local' | 'connection'
  /** The peer is known not to have looked at the request (RFC 9113, section 8.7): trying again is safe. */
  readonly isUnprocessed: boolean
  /** For logs. */
  readonly reason: string
}

/** What happens to a session. All are optional but `onClose`. */
export interface SessionHandler {
  /** The peer's SETTINGS came: at a client, requests may be made from the first on, and later ones may make room for more. */
  onSettings?(session: Http2Session, settings: Readonly<PeerSettings>): void
  /** A PING of ours came back. */
  onPingAck?(session: Http2Session, roundTripMs: number): void
  /** The peer sent a PING (which is answered by the session): for those who count them. */
  onPing?(session: Http2Session): void
  /** The peer is leaving: no new streams. Unprocessed requests have been told so. */
  onGoaway?(session: Http2Session, goaway: Goaway): void
  /** A client that had to wait may make another request. */
  onCapacity?(session: Http2Session): void
  /** A callback of the owner threw; its stream was reset. */
  onFault?(session: Http2Session, error: unknown): void
  /** The session is over, called once. Its streams have been told. Undefined: it ended in peace. */
  onClose(session: Http2Session, error: Error | undefined): void
}

/** What a server does with requests. */
export interface ServerSessionHandler extends SessionHandler {
  /**
   * The time that the peer gives a request, in milliseconds; undefined: no limit that can be told. Asked only for what was reset
   * before `onRequest`.
   */
  timeoutMsOf?(head: RequestHead): number | undefined
  /** Answer this. The body may be there already, in part or whole. */
  onRequest(stream: Http2Stream, head: RequestHead): void
}

/** A peer's GOAWAY. */
export interface Goaway {
  readonly code: number
  readonly lastStreamId: number
  /** The debug data, as latin1, at most 256 octets of it. */
  readonly reason: string
}

/** One connection. */
export interface Http2Session {
  /** What the peer announced. */
  readonly peer: Readonly<PeerSettings>
  /** Since the start, for channelz and metrics. */
  readonly stats: Readonly<SessionStats>
  /** Streams that are open. */
  readonly openStreams: number
  /** A client may make a request now: the server has said hello, has room, and nobody is leaving. */
  readonly canRequest: boolean
  /** The session is over or about to be: no new streams. */
  readonly isClosing: boolean
  /** Octets received and not consumed, as memory that they pin. */
  readonly heldBytes: number
  /** Octets of bodies that we may send on the connection before the peer grants more. */
  readonly sendWindow: number
  /** Octets of bodies that the peer may send on the connection before we grant more. */
  readonly receiveWindow: number
  /**
   * Begins: from here on the handler is called, perhaps before `start` returns. Nothing is read, sent or timed before.
   * Throws Error when called twice.
   */
  start(): void
  /** A client's request; only while `canRequest`. With `endsStream` it has no body. Throws as `respond`. */
  request(head: HeaderSource, sink: StreamSink, options?: RequestOptions): Http2Stream
  /** Sends a PING, for `onPingAck`. False if 10 are on their way already. */
  ping(): boolean
  /** Tells the peer that we are leaving, now and with this code; streams go on. */
  goaway(code: number, reason?: string): void
  /** Leaves in peace: GOAWAY, the streams end, the socket closes. After `graceMs` the rest is reset. Default: no limit. */
  close(graceMs?: number): void
  /** Leaves at once: streams are told, GOAWAY with `code` goes out, the socket closes. */
  destroy(code: number, reason?: string): void
}

/** How a request is made. */
export interface RequestOptions {
  /** The head is all. Default false. */
  readonly endsStream?: boolean
  /** The request's method is HEAD, so a content-length in the answer has no body behind it. Default false. */
  readonly isHead?: boolean
}
