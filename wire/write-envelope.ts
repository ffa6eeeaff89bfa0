/** Writes a message in its envelope. */
import { EnvelopeFlag, envelop, envelopePrefix } from './envelope.ts'

/** Where messages are written: a stream, an exchange. */
export interface EnvelopeSink {
  /** Queues a piece of the body, which must not be changed any more. False: wait for `onWritable`. */
  write(data: Uint8Array): boolean
}

/** From this size on, a second buffer costs less than a second copy. */
export const LARGE_MESSAGE_BYTES = 8_192

/** The flags of a message. */
export function messageFlags(isCompressed: boolean): number {
  return isCompressed ? EnvelopeFlag.COMPRESSED : EnvelopeFlag.NONE
}

/** False: wait for `onWritable`. */
export function writeEnvelope(sink: EnvelopeSink, message: Uint8Array, isCompressed: boolean): boolean {
  const flags = messageFlags(isCompressed)
  if (message.byteLength < LARGE_MESSAGE_BYTES) return sink.write(envelop(flags, message))
  sink.write(envelopePrefix(flags, message.byteLength))
  return sink.write(message)
}
