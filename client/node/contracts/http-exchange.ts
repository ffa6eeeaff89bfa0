/** One HTTP request and its answer, the same over HTTP/2 and HTTP/1.1, for protocols that need no trailers. */
import type { ConnectError } from '@connectrpc/connect'
import type { ByteSource } from '../../../wire/byte-source.ts'
import type { EnvelopeSink } from '../../../wire/envelope.ts'
import { type EncodableField, ErrorCode, type Http2Stream, type StreamReset } from '../../../wire/http2/http2.ts'

/** A request. */
export interface HttpRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** The host that is meant. */
  readonly authority: string
  /** With the query. */
  readonly path: string
  /** Names in lower case, fit for the wire. Nothing that belongs to the connection or that frames the body. */
  readonly fields: readonly EncodableField[]
  /** The whole body; empty: there is none. Null: its pieces follow. */
  readonly body: Uint8Array | null
  /** To send it twice does no harm: it may be sent again where nobody knows whether the server has looked at it. */
  readonly isIdempotent: boolean
}

/** A name and a value, as they stand in a head or in trailers; names in lower case. */
export interface HttpField {
  readonly name: string
  readonly value: string
}

/** How an answer begins. */
export interface HttpHead {
  readonly status: number
  readonly fields: readonly HttpField[]
}

/**
 * A request that was made, and the body of its answer. No method calls the listener before it returns; once the exchange has
 * failed, none does anything.
 */
export interface HttpExchange extends ByteSource, EnvelopeSink {
  /** Octets of our own body that have gone out. */
  readonly sentBytes: number
  /** The body of the request is complete. */
  end(): void
  /** Ends the exchange: the server is told, unless it is done. The listener is not called any more. */
  cancel(): void
}

/** Who made the request. Must not throw. */
export interface HttpListener {
  /** The answer begins. Interim responses are dropped. Once. */
  onHead(head: HttpHead): void
  /** What `want` asked for can be read, or the answer has ended. */
  onReadable(): void
  /** `write` returned false: go on. */
  onWritable(): void
  /** The exchange is over before its end. Nothing else is called after it. */
  onFailed(failure: HttpFailure): void
}

/** How an exchange failed. */
export interface HttpFailure {
  readonly error: ConnectError
  /**
   * What the server is known to have done with the request: `refused`, it was not looked at; `unsent`, it never left us, or met a
   * server that was leaving, so that it may be sent again as often as it takes.
   */
  readonly processing: 'unsent' | 'refused' | 'unknown'
}

/**
 * What a server has done with a request on a stream that was reset. One that leaves in peace asks for what it has not looked at to
 * come again elsewhere (RFC 9113, section 6.8).
 */
export function processingOf(
  { id }: Http2Stream,
  { isUnprocessed, source, code }: StreamReset,
): HttpFailure['processing'] {
  if (!isUnprocessed) return 'unknown'
  const isTurnedAway = source === 'connection' && code === ErrorCode.NO_ERROR
  return id === 0 || isTurnedAway ? 'unsent' : 'refused'
}
