/** Gets a message ready for its envelope: checks its size, and compresses it where that is asked for and worth it. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../../wire/compression/compression.ts'

/** How requests are compressed. */
export interface SendSettings {
  /** Null: not at all. */
  readonly sendCompression: Compression | null
  /** Messages below are not compressed. */
  readonly compressMinBytes: number
}

/** A message as it goes into its envelope. */
export interface RequestMessage {
  readonly data: Uint8Array
  readonly isCompressed: boolean
  /** How many bytes it had before compression. */
  readonly plainBytes: number
}

/**
 * Returns a promise only where the work is too much for a turn of the event loop.
 *
 * @param maxSendBytes of `data`
 * @throws ConnectError RESOURCE_EXHAUSTED for what is too large
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
