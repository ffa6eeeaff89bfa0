/** Compresses what a call sends, where that is asked for and worth it. */
import type { CallSettings } from './call-plan.ts'

/** A message as it goes into its envelope. */
export interface RequestMessage {
  readonly data: Uint8Array
  readonly isCompressed: boolean
}

/** Returns a promise only where the work is too much for a turn of the event loop. */
export function compressMessage(
  data: Uint8Array,
  { sendCompression, compressMinBytes }: CallSettings,
): RequestMessage | Promise<RequestMessage> {
  if (sendCompression === null || data.byteLength < compressMinBytes) return { data, isCompressed: false }
  const compressed = sendCompression.compress(data)
  return compressed instanceof Promise ? compressed.then(asCompressed) : asCompressed(compressed)
}

function asCompressed(data: Uint8Array): RequestMessage {
  return { data, isCompressed: true }
}
