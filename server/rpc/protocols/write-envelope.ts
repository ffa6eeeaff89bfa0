/** Writes a message in its envelope. */
import { EnvelopeFlag, envelop, envelopePrefix } from '../../../wire/envelope.ts'
import type { Exchange } from '../exchange/exchange.ts'

/** From this size on, a second buffer costs less than a second copy. */
export const LARGE_MESSAGE_BYTES = 8_192

/** The flags of a message. */
export function messageFlags(isCompressed: boolean): number {
  return isCompressed ? EnvelopeFlag.COMPRESSED : EnvelopeFlag.NONE
}

/** False: wait for `onWritable`. */
export function writeEnvelope(exchange: Exchange, message: Uint8Array, isCompressed: boolean): boolean {
  const flags = messageFlags(isCompressed)
  if (message.byteLength < LARGE_MESSAGE_BYTES) return exchange.write(envelop(flags, message))
  exchange.write(envelopePrefix(flags, message.byteLength))
  return exchange.write(message)
}
