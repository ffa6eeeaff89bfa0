/**
 * Makes the text of a gRPC-Web status readable for Connect, which otherwise loses the code with it: gRPC takes a broken
 * percent escape as it stands (gRPC over HTTP/2, Status-Message).
 */
import type { UniversalClientResponse } from '@connectrpc/connect/protocol'
import { trailerFlag } from '@connectrpc/connect/protocol-grpc-web'
import { envelop } from '../../../wire/envelope.ts'
import { EnvelopeCursor } from '../../../wire/envelope-cursor.ts'
import { decodeGrpcMessage } from '../../../wire/grpc-message.ts'

const PREFIX_BYTES = 5
/** Longer trailers are not gathered: whoever reads them says what is too large. */
const MAX_TRAILERS_BYTES = 65_536
const MESSAGE_LINE = /^(grpc-message[ \t]*:[ \t]*)([^\r\n]*)/gim

/** The same answer; only a text that is broken is written anew, in the head or in trailers of up to 64 KiB. */
export function withMendedStatus(response: UniversalClientResponse): UniversalClientResponse {
  const body = mendedBody(response.body)
  const text = response.header.get('grpc-message')
  if (text === null) return { ...response, body }
  const header = new Headers(response.header)
  header.set('grpc-message', mended(text))
  return { ...response, header, body }
}

/** Messages pass as they are; the trailers, which come last, are gathered. */
async function* mendedBody(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const cursor = new EnvelopeCursor()
  let trailers: Buffer = Buffer.alloc(0)
  let areTooLong = false
  for await (const chunk of body) {
    const at = trailers.byteLength > 0 ? 0 : cursor.advance(chunk, trailerFlag)
    if (at > 0) yield chunk.subarray(0, at)
    if (at === chunk.byteLength) continue
    const more = chunk.subarray(at)
    if (areTooLong) {
      yield more
      continue
    }
    trailers = Buffer.concat([trailers, more])
    areTooLong = Math.max(trailers.byteLength, announcedBytes(trailers)) > MAX_TRAILERS_BYTES
    if (areTooLong) yield trailers
  }
  if (!areTooLong && trailers.byteLength > 0) yield mendedTrailers(trailers)
}

/** 0: that is not known yet. */
function announcedBytes(frame: Buffer): number {
  return frame.byteLength < PREFIX_BYTES ? 0 : frame.readUInt32BE(1)
}

/** Those that are compressed, or cut short, are left as they are. */
function mendedTrailers(frame: Buffer): Uint8Array {
  if (frame[0] !== trailerFlag || announcedBytes(frame) !== frame.byteLength - PREFIX_BYTES) return frame
  const lines = frame.toString('latin1', PREFIX_BYTES)
  const mendedLines = lines.replace(MESSAGE_LINE, (_line, name: string, text: string) => name + mended(text))
  return mendedLines === lines ? frame : envelop(trailerFlag, Buffer.from(mendedLines, 'latin1'))
}

function mended(text: string): string {
  try {
    decodeURIComponent(text)
    return text
  } catch {
    return encodeURIComponent(decodeGrpcMessage(text))
  }
}
