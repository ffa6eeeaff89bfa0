/**
 * The formats of server streams: how messages, the end, and a late error are written into the body of one response.
 *
 * - `ndjson`: one message per line (`application/x-ndjson`)
 * - `sse`: one event per message (`text/event-stream`)
 * - `jsonArray`: one JSON array (`application/json`)
 * - `envelope`: `{"result":...}` per line, and `{"error":...}` at last, as grpc-gateway writes streams (`application/json`)
 */
import { Buffer } from 'node:buffer'
import type { Message } from '@bufbuild/protobuf'
import { SHORT_MESSAGE_BYTES } from '../../../../../wire/envelope.ts'
import type { EncodableField } from '../../../../../wire/http2/http2.ts'
import type { ResponseBlock } from '../../../exchange/response-block.ts'
import type { Answer } from '../../server-protocol.ts'
import type { StreamForm } from '../rest-options.ts'

/** The content types of NDJSON, which clients name in lower or upper case. Only the first is sent. */
export const NDJSON_TYPES: ReadonlySet<string> = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
])

/** How an end is written. */
export interface StreamEnd {
  /** The error as JSON, in the form that the client chose for errors; null for success. */
  readonly error: string | null
  /** The trailers of the response; null for none. A JSON array that failed has none, because it is reset. */
  readonly trailers: ResponseBlock | null
}

/** Writes the response of a streaming call as JSON. Stateless: one object serves all calls of a method. */
export interface StreamFormat {
  readonly name: StreamForm
  /** The content type of the response. */
  readonly contentType: string
  /** What clients ignore, so that proxies and peers see that the response is alive; null if the format has nothing like it. */
  readonly heartbeat: Uint8Array | null
  /**
   * Returns the octets of a message; the `encode` of a codec does.
   *
   * @param json the message, or the field of it that is the response body
   * @param message the whole message, which may contain the id of an event
   */
  frame(json: string, message: Message): Uint8Array
  /** Sends the head. */
  begin(answer: Answer): void
  /** Sends a message as `frame` has returned it. Returns false if the caller should wait for `onWritable`. */
  write(answer: Answer, framed: Uint8Array): boolean
  /** Ends a response that has begun. */
  end(answer: Answer, end: StreamEnd): void
  /**
   * Returns the body of an error that is the whole response, with its own HTTP status, because nothing was sent yet.
   *
   * @param error the error as JSON
   */
  wholeError(error: string): string
}

/** A response that must not be kept, nor collected by a proxy before it is passed on. */
const LIVE_FIELDS: readonly EncodableField[] = Object.freeze([
  { name: 'cache-control', value: 'no-store' },
  { name: 'x-accel-buffering', value: 'no' },
])

/** Sends the head, with the fields of a live response unless the service has set them. */
export function beginLive(answer: Answer): void {
  const head = answer.successHead()
  const missing = LIVE_FIELDS.filter(({ name }) => !head.fields.some((field) => field.name === name))
  answer.exchange.respond(missing.length === 0 ? head : head.with(missing))
}

/** Sends octets that are not shared with other calls. */
export function writeFramed({ exchange }: Answer, framed: Uint8Array): boolean {
  return framed.byteLength <= SHORT_MESSAGE_BYTES
    ? exchange.writeRange(framed, 0, framed.byteLength)
    : exchange.write(framed)
}

/** Ends the response with a last part of the body, and trailers if there are any. */
export function endBody(
  { exchange }: Answer,
  { tail, trailers }: { tail: string; trailers: ResponseBlock | null },
): void {
  const octets = Buffer.from(tail)
  if (trailers === null) {
    exchange.end(octets)
    return
  }
  exchange.write(octets)
  exchange.endWithTrailers(trailers)
}
