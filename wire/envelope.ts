/** The envelope of messages in gRPC, gRPC-Web and Connect streams: an octet of flags and four octets of length. */
import { Buffer } from 'node:buffer'

/** Octets before a message. */
export const ENVELOPE_PREFIX_BYTES = 5

/** The flags in the first octet. */
export const EnvelopeFlag = Object.freeze({
  NONE: 0,
  /** The message is compressed with the encoding of the call. */
  COMPRESSED: 0b0000_0001,
  /** Connect: EndStream, the last envelope of a stream, in JSON. */
  END_STREAM: 0b0000_0010,
  /** gRPC-Web: the last envelope, with the trailers. */
  TRAILERS: 0b1000_0000,
})

/** Accepts enveloped messages: a stream, or an exchange. */
export interface EnvelopeSink {
  /** Queues a piece of the body, which the caller must not change afterwards. False: wait for `onWritable`. */
  write(data: Uint8Array): boolean
  /** As `write`, for a short piece in two parts, which are copied and may change afterwards. */
  writeCopy(prefix: Uint8Array, data: Uint8Array): boolean
}

/** Messages up to this size are copied, so that several share a buffer. */
export const SHORT_MESSAGE_BYTES = 1_024

/** From this size, a second buffer costs less than a second copy. */
export const LARGE_MESSAGE_BYTES = 8_192

/** Returns the flags of a message. */
export function messageFlags(isCompressed: boolean): number {
  return isCompressed ? EnvelopeFlag.COMPRESSED : EnvelopeFlag.NONE
}

/** Returns the length of a message from the last four octets of its prefix. */
export function envelopeLength(first: number, second: number, third: number, fourth: number): number {
  return first * 0x1_00_00_00 + ((second << 16) | (third << 8) | fourth)
}

/** Returns a copy of a message in its envelope, followed by `suffix`. */
export function envelop(flags: number, data: Uint8Array, suffix?: Uint8Array): Buffer {
  const length = data.byteLength
  const out = Buffer.allocUnsafe(ENVELOPE_PREFIX_BYTES + length + (suffix?.byteLength ?? 0))
  writePrefix(out, flags, length)
  out.set(data, ENVELOPE_PREFIX_BYTES)
  if (suffix !== undefined) out.set(suffix, ENVELOPE_PREFIX_BYTES + length)
  return out
}

/** Writes the prefix of a message into `out`, a new buffer by default. */
export function envelopePrefix(flags: number, length: number, out = Buffer.allocUnsafe(ENVELOPE_PREFIX_BYTES)): Buffer {
  writePrefix(out, flags, length)
  return out
}

/** Shared by all messages, as `writeCopy` copies it immediately. */
const sharedPrefix = Buffer.alloc(ENVELOPE_PREFIX_BYTES)

/** Writes a message in its envelope. False: wait for `onWritable`. */
export function writeEnvelope(sink: EnvelopeSink, message: Uint8Array, isCompressed: boolean): boolean {
  const flags = messageFlags(isCompressed)
  if (message.byteLength <= SHORT_MESSAGE_BYTES) {
    return sink.writeCopy(envelopePrefix(flags, message.byteLength, sharedPrefix), message)
  }
  if (message.byteLength < LARGE_MESSAGE_BYTES) return sink.write(envelop(flags, message))
  sink.write(envelopePrefix(flags, message.byteLength))
  return sink.write(message)
}

function writePrefix(out: Buffer, flags: number, length: number): void {
  out[0] = flags
  out[1] = length >>> 24
  out[2] = length >>> 16
  out[3] = length >>> 8
  out[4] = length
}
