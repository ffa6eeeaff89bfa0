/** An HTTP request and its response over HTTP/2 or HTTP/1.1, for protocols that need no trailers. */
import type { ConnectError } from '@connectrpc/connect'
import type { ByteSource } from '../../../wire/byte-source.ts'
import type { EnvelopeSink } from '../../../wire/envelope.ts'
import { type EncodableField, ErrorCode, type Http2Stream, type StreamReset } from '../../../wire/http2/http2.ts'

/** A request. */
export interface HttpRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** The authority. */
  readonly authority: string
  /** The path with the query. */
  readonly path: string
  /** Valid fields with lower-case names; none that concern the connection or the framing of the body. */
  readonly fields: readonly EncodableField[]
  /** The whole body, possibly empty; null if its pieces follow. */
  readonly body: Uint8Array | null
  /** Whether it is idempotent, and may be sent again even if the server may have processed it. */
  readonly isIdempotent: boolean
}

/** A field of a head or of trailers. Names are in lower case. */
export interface HttpField {
  readonly name: string
  readonly value: string
}

/** The head of a response. */
export interface HttpHead {
  readonly status: number
  readonly fields: readonly HttpField[]
}

/**
 * A request in flight, and the body of its response. No method calls the listener synchronously. After a failure, methods do nothing.
 */
export interface HttpExchange extends ByteSource, EnvelopeSink {
  /** Octets of our body that were sent. */
  readonly sentBytes: number
  /** Ends the body of the request. */
  end(): void
  /** Cancels the exchange, unless it is complete. The listener is not called any more. */
  cancel(): void
}

/** Receives the events of an exchange. Must not throw. */
export interface HttpListener {
  /** The head of the response; called once. Interim responses are dropped. */
  onHead(head: HttpHead): void
  /** The octets that `want` waited for can be read, or the response has ended. */
  onReadable(): void
  /** There is room again after a `write` that returned false. */
  onWritable(): void
  /** The exchange has failed. No other call follows. */
  onFailed(failure: HttpFailure): void
}

/** How an exchange failed. */
export interface HttpFailure {
  readonly error: ConnectError
  /**
   * Whether the server may have processed the request: `refused` if it has not; `unsent` if the request was never sent, or the server was
   * leaving, so that it may be sent again without a limit.
   */
  readonly processing: 'unsent' | 'refused' | 'unknown'
}

/**
 * Returns whether the server may have processed a request on a stream that was reset. A server that closes gracefully expects that requests
 * it has not processed are sent again on another connection (RFC 9113, section 6.8).
 */
export function processingOf(
  { id }: Http2Stream,
  { isUnprocessed, source, code }: StreamReset,
): HttpFailure['processing'] {
  if (!isUnprocessed) return 'unknown'
  const isTurnedAway = source === 'connection' && code === ErrorCode.NO_ERROR
  return id === 0 || isTurnedAway ? 'unsent' : 'refused'
}
