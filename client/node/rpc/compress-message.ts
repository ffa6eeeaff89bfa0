/** Prepares a message for its envelope: checks its size, and compresses it if requested and worthwhile. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../../wire/compression/compression.ts'

/** How requests are compressed. */
export interface SendSettings {
  /** Null for no compression. */
  readonly sendCompression: Compression | null
  /** Minimum size of messages to compress. */
  readonly compressMinBytes: number
}

/** A message ready for its envelope. */
export interface RequestMessage {
  readonly data: Uint8Array
  readonly isCompressed: boolean
  /** Size before compression. */
  readonly plainBytes: number
}

/**
 * Returns a promise only if the work would block the event loop for too long.
 *
 * @param maxSendBytes maximum size of `data`
 * @throws ConnectError RESOURCE_EXHAUSTED for a larger message
 */
export function compressMessage(
  data: Uint8Array,
  maxSendBytes: number,
  { sendCompression, compressMinBytes }: SendSettings,
): RequestMessage | Promise<RequestMessage> {
  const plainBytes = data.byteLength
  if (plainBytes > maxSendBytes) throw tooLarge(plainBytes, maxSendBytes)
  if (sendCompression === null || plainBytes < compressMinBytes) return { data, isCompressed: false, plainBytes }
  const compressed = sendCompression.compress(data)
  return compressed instanceof Promise
    ? compressed.then((less) => asCompressed(less, plainBytes))
    : asCompressed(compressed, plainBytes)
}

function asCompressed(data: Uint8Array, plainBytes: number): RequestMessage {
  return { data, isCompressed: true, plainBytes }
}

function tooLarge(bytes: number, maxBytes: number): ConnectError {
  return new ConnectError(`message of ${bytes} bytes exceeds writeMaxBytes ${maxBytes}`, Code.ResourceExhausted)
}
