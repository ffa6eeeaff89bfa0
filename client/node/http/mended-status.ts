/**
 * Makes the text of a gRPC-Web status readable for Connect, which otherwise loses the code with it: gRPC takes a broken
 * percent escape as it stands (gRPC over HTTP/2, Status-Message).
 */
import type { UniversalClientResponse } from '@connectrpc/connect/protocol'
import { trailerFlag } from '@connectrpc/connect/protocol-grpc-web'
import { envelop } from '../../../wire/envelope.ts'
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
  const finder = new TrailersFinder()
  let trailers: Buffer = Buffer.alloc(0)
  let areTooLong = false
  for await (const chunk of body) {
    const at = finder.find(chunk)
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

/** Follows the envelopes of a body. */
class TrailersFinder {
  readonly #prefix = Buffer.alloc(PREFIX_BYTES)
  #prefixBytes = 0
  #messageBytes = 0
  #hasFound = false

  /** Where in the next chunk of the body the trailers are; its length: behind it. */
  find(chunk: Uint8Array): number {
    let at = 0
    while (at < chunk.byteLength && !this.#hasFound) {
      const flags = chunk[at] ?? 0
      if (this.#messageBytes > 0) {
        const step = Math.min(this.#messageBytes, chunk.byteLength - at)
        this.#messageBytes -= step
        at += step
      } else if (this.#prefixBytes === 0 && (flags & trailerFlag) !== 0) {
        this.#hasFound = true
      } else {
        this.#prefix[this.#prefixBytes] = flags
        this.#prefixBytes = (this.#prefixBytes + 1) % PREFIX_BYTES
        if (this.#prefixBytes === 0) this.#messageBytes = this.#prefix.readUInt32BE(1)
        at += 1
      }
    }
    return at
  }
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
