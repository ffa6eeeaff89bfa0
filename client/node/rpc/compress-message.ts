/** Prepares a message for sending: checks its size, and compresses it if requested and worthwhile. */
import type { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../../wire/compression/compression.ts'
import { ENVELOPE_PREFIX_BYTES, EnvelopeFlag, envelop } from '../../../wire/envelope.ts'

/** How requests are compressed. */
export interface SendSettings {
  /** Null for no compression. */
  readonly sendCompression: Compression | null
  /** Minimum size of messages to compress. */
  readonly compressMinBytes: number
}

/** A message in its envelope, which may be sent several times. */
export class RequestMessage {
  readonly envelope: Buffer
  readonly isCompressed: boolean
  /** Size before compression. */
  readonly plainBytes: number

  constructor(envelope: Buffer, isCompressed: boolean, plainBytes: number) {
    this.envelope = envelope
    this.isCompressed = isCompressed
    this.plainBytes = plainBytes
  }

  /** Size as sent, without the envelope. */
  get wireBytes(): number {
    return this.envelope.length - ENVELOPE_PREFIX_BYTES
  }

  /** The message without its envelope. */
  get data(): Buffer {
    return this.envelope.subarray(ENVELOPE_PREFIX_BYTES)
  }
}

/**
 * Returns a promise only if the work would block the event loop for too long.
 *
 * @param envelope the message in its envelope, not compressed
 * @param maxSendBytes maximum size of the message
 * @throws ConnectError RESOURCE_EXHAUSTED for a larger message
 */
export function compressMessage(
  envelope: Buffer,
  maxSendBytes: number,
  { sendCompression, compressMinBytes }: SendSettings,
): RequestMessage | Promise<RequestMessage> {
  const plainBytes = envelope.length - ENVELOPE_PREFIX_BYTES
  checkSendSize(plainBytes, maxSendBytes)
  if (sendCompression === null || plainBytes < compressMinBytes) return new RequestMessage(envelope, false, plainBytes)
  const compressed = sendCompression.compress(envelope.subarray(ENVELOPE_PREFIX_BYTES))
  return compressed instanceof Promise
    ? compressed.then((less) => asCompressed(less, plainBytes))
    : asCompressed(compressed, plainBytes)
}

/** @throws ConnectError RESOURCE_EXHAUSTED for a message above the limit */
export function checkSendSize(bytes: number, maxSendBytes: number): void {
  if (bytes <= maxSendBytes) return
  throw new ConnectError(`message of ${bytes} bytes exceeds writeMaxBytes ${maxSendBytes}`, Code.ResourceExhausted)
}

function asCompressed(data: Uint8Array, plainBytes: number): RequestMessage {
  return new RequestMessage(envelop(EnvelopeFlag.COMPRESSED, data), true, plainBytes)
}
