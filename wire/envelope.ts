/** The frame around each message of gRPC, gRPC-Web and Connect streams: a flags byte and four bytes of length. */
import { Buffer } from 'node:buffer'

/** Bytes in front of a message. */
export const ENVELOPE_PREFIX_BYTES = 5

/** What the first byte can say. */
export const EnvelopeFlag = Object.freeze({
  NONE: 0,
  /** The message is compressed with the encoding of the call. */
  COMPRESSED: 0b0000_0001,
  /** Connect: the last envelope of a stream, JSON. */
  END_STREAM: 0b0000_0010,
  /** gRPC-Web: the last envelope, trailers. */
  TRAILERS: 0b1000_0000,
})

/** A message in its envelope, copied once; `suffix` is put behind it. */
export function envelop(flags: number, data: Uint8Array, suffix?: Uint8Array): Buffer {
  const length = data.byteLength
  const out = Buffer.allocUnsafe(ENVELOPE_PREFIX_BYTES + length + (suffix?.byteLength ?? 0))
  writePrefix(out, flags, length)
  out.set(data, ENVELOPE_PREFIX_BYTES)
  if (suffix !== undefined) out.set(suffix, ENVELOPE_PREFIX_BYTES + length)
  return out
}

/** The prefix alone, in a buffer of its own unless there is one to reuse. */
export function envelopePrefix(flags: number, length: number, out = Buffer.allocUnsafe(ENVELOPE_PREFIX_BYTES)): Buffer {
  writePrefix(out, flags, length)
  return out
}

function writePrefix(out: Buffer, flags: number, length: number): void {
  out[0] = flags
  out[1] = length >>> 24
  out[2] = length >>> 16
  out[3] = length >>> 8
  out[4] = length
}
