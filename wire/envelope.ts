/** The envelope of messages in gRPC, gRPC-Web and Connect streams: an octet of flags and four octets of length. */
import { Buffer } from 'node:buffer'
import type { EncodedMessage } from './codec/encode/message-encoder.ts'
import { copyOf, copyRange, sentOctets } from './http2/http2.ts'

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
  /** As `write`, for `buffer[start, end)`. The octets are copied, and the buffer may be reused. */
  writeRange(buffer: Uint8Array, start: number, end: number): boolean
}

/** Messages up to this size are copied, so that several share a buffer. */
export const SHORT_MESSAGE_BYTES = 1_024

/** From this size, a second buffer costs less than a second copy. */
const LARGE_MESSAGE_BYTES = 8_192

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
  writePrefix(out, 0, flags, length)
  out.set(data, ENVELOPE_PREFIX_BYTES)
  if (suffix !== undefined) out.set(suffix, ENVELOPE_PREFIX_BYTES + length)
  return out
}

/**
 * Writes a message in its envelope, whose prefix goes into the headroom. False: wait for `onWritable`. The octets of a shared message are
 * copied, so the next one may be encoded at once.
 */
export function writeEncoded(sink: EnvelopeSink, message: EncodedMessage): boolean {
  const { buffer, start, end } = message
  const from = start - ENVELOPE_PREFIX_BYTES
  if (end - from > SHORT_MESSAGE_BYTES) return sink.write(envelopeOnce(message))
  writePrefix(buffer, from, EnvelopeFlag.NONE, end - start)
  return sink.writeRange(buffer, from, end)
}

/** As {@link envelopeOf}, for an envelope that is sent once: its memory is freed as soon as it has been sent. */
export function envelopeOnce(message: EncodedMessage, suffix?: Uint8Array): Buffer {
  const envelope = envelopeOf(message, suffix)
  if (message.isKept !== true || suffix !== undefined) sentOctets.mark(envelope)
  return envelope
}

/** Returns a message in its envelope, which the caller owns. Copies it only if it is shared, or a suffix follows. */
export function envelopeOf({ buffer, start, end, isShared }: EncodedMessage, suffix?: Uint8Array): Buffer {
  const from = start - ENVELOPE_PREFIX_BYTES
  writePrefix(buffer, from, EnvelopeFlag.NONE, end - start)
  if (suffix === undefined) return isShared ? copyOf(buffer, from, end) : buffer.subarray(from, end)
  const out = Buffer.allocUnsafe(end - from + suffix.byteLength)
  copyRange(out, copyRange(out, 0, buffer, from, end), suffix)
  return out
}

/** Writes a message that is in its envelope, as {@link envelopeOf} and {@link envelop} return it. False: wait for `onWritable`. */
export function writeEnveloped(sink: EnvelopeSink, envelope: Buffer): boolean {
  return envelope.length <= SHORT_MESSAGE_BYTES ? sink.writeRange(envelope, 0, envelope.length) : sink.write(envelope)
}

/** Writes a message, which may be compressed, in its envelope. False: wait for `onWritable`. */
export function writeEnvelope(sink: EnvelopeSink, message: Uint8Array, isCompressed: boolean): boolean {
  const flags = messageFlags(isCompressed)
  if (message.byteLength < LARGE_MESSAGE_BYTES) return sink.write(envelop(flags, message))
  sink.write(envelopePrefix(flags, message.byteLength))
  return sink.write(message)
}

/** Returns the prefix of a message. */
export function envelopePrefix(flags: number, length: number): Buffer {
  const out = Buffer.allocUnsafe(ENVELOPE_PREFIX_BYTES)
  writePrefix(out, 0, flags, length)
  return out
}

function writePrefix(out: Buffer, at: number, flags: number, length: number): void {
  out[at] = flags
  out[at + 1] = length >>> 24
  out[at + 2] = length >>> 16
  out[at + 3] = length >>> 8
  out[at + 4] = length
}
