/** The formats that are JSON: one message per line, the envelope of grpc-gateway, and an array. */
import { Buffer } from 'node:buffer'
import { ErrorCode } from '../../../../../wire/http2/http2.ts'
import type { Answer } from '../../server-protocol.ts'
import { beginLive, endBody, type StreamEnd, type StreamFormat, writeFramed } from './stream-format.ts'

const COMMA = ','
const OPEN_BRACKET = 0x5b

/** One message per line. A late error is the line `{"error":...}`. */
export const NDJSON: StreamFormat = Object.freeze<StreamFormat>({
  name: 'ndjson',
  contentType: 'application/x-ndjson',
  heartbeat: null,
  frame: (json) => Buffer.from(`${json}\n`),
  begin: beginLive,
  write: writeFramed,
  end: (answer, { error, trailers }) =>
    endBody(answer, { tail: error === null ? '' : `{"error":${error}}\n`, trailers }),
  wholeError: (error) => error,
})

/** As grpc-gateway writes streams. An error is in the envelope even if nothing was sent before it. */
export const ENVELOPE: StreamFormat = Object.freeze<StreamFormat>({
  ...NDJSON,
  name: 'envelope',
  contentType: 'application/json',
  frame: (json) => Buffer.from(`{"result":${json}}\n`),
  wholeError: (error) => `{"error":${error}}\n`,
})

/**
 * One JSON array. A late error resets the exchange: an array has no place for it, and the client must not take the part that it got for
 * the whole.
 */
export const JSON_ARRAY: StreamFormat = Object.freeze<StreamFormat>({
  ...NDJSON,
  name: 'jsonArray',
  contentType: 'application/json',
  frame: (json) => Buffer.from(COMMA + json),
  write(answer, framed) {
    // The octets are those of `frame`, so they are ours to change.
    if (answer.exchange.sentBytes === 0) framed[0] = OPEN_BRACKET
    return writeFramed(answer, framed)
  },
  end: endArray,
  wholeError: (error) => error,
})

function endArray(answer: Answer, { error, trailers }: StreamEnd): void {
  const { exchange } = answer
  if (error === null) endBody(answer, { tail: exchange.sentBytes === 0 ? '[]' : ']', trailers })
  else exchange.reset(ErrorCode.INTERNAL_ERROR)
}
