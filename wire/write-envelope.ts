/** Writes a message in its envelope. */
import { Buffer } from 'node:buffer'
import { ENVELOPE_PREFIX_BYTES, EnvelopeFlag, envelop, envelopePrefix } from './envelope.ts'

/** Where messages are written: a stream, an exchange. */
export interface EnvelopeSink {
  /** Queues a piece of the body, which must not be changed any more. False: wait for `onWritable`. */
  write(data: Uint8Array): boolean
  /** As `write`, for a short piece given in two parts; they are copied, and may be changed afterwards. */
  writeCopy(prefix: Uint8Array, data: Uint8Array): boolean
}

/** Up to this size messages are copied together with others. */
const SHORT_MESSAGE_BYTES = 1_024

/** From this size on, a second buffer costs less than a second copy. */
export const LARGE_MESSAGE_BYTES = 8_192

/** The flags of a message. */
export function messageFlags(isCompressed: boolean): number {
  return isCompressed ? EnvelopeFlag.COMPRESSED : EnvelopeFlag.NONE
}

/** Copied at once, so that all can share it. */
const sharedPrefix = Buffer.alloc(ENVELOPE_PREFIX_BYTES)

/** False: wait for `onWritable`. */
export function writeEnvelope(sink: EnvelopeSink, message: Uint8Array, isCompressed: boolean): boolean {
  const flags = messageFlags(isCompressed)
  if (message.byteLength <= SHORT_MESSAGE_BYTES) {
    return sink.writeCopy(envelopePrefix(flags, message.byteLength, sharedPrefix), message)
  }
  if (message.byteLength < LARGE_MESSAGE_BYTES) return sink.write(envelop(flags, message))
  sink.write(envelopePrefix(flags, message.byteLength))
  return sink.write(message)
}
