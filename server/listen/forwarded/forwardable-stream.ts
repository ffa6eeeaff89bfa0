/** The part of an HTTP/2 stream that a forwarded request needs, which other transports offer too. */
import type { Http2Stream } from '../../../wire/http2/http2.ts'

/** See `Http2Stream`. */
export type ForwardableStream = Pick<
  Http2Stream,
  | 'sink'
  | 'sentBytes'
  | 'readableBytes'
  | 'isPeerDone'
  | 'trailers'
  | 'areTrailersCut'
  | 'want'
  | 'read'
  | 'inform'
  | 'respond'
  | 'write'
  | 'end'
  | 'sendTrailers'
  | 'reply'
  | 'reset'
  | 'release'
>
