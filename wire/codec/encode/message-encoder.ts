/** Encodes the messages of one type in the binary format. */
import { Buffer } from 'node:buffer'
import { type DescMessage, type Message, toBinary } from '@bufbuild/protobuf'
import type { BinarySettings } from '../codec-settings.ts'

/** The octets before an encoded message, which its writer may use for the prefix of an envelope. */
export const HEADROOM_BYTES = 5

/** An encoded message: `buffer[start, end)`, after {@link HEADROOM_BYTES} octets that are free to use. */
export interface EncodedMessage {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  /** Whether the buffer is reused: the octets are valid until the next message is encoded. Else the caller owns the buffer. */
  readonly isShared: boolean
}

/** Encodes messages of one type. */
export interface MessageEncoder {
  /**
   * Encodes a message as `toBinary` does. The result may be one object that is reused, and is valid until the next message is encoded.
   *
   * @throws Error where `toBinary` throws, for values that do not fit their fields
   */
  encode(message: Message): EncodedMessage
}

/** Returns the encoder of a type. */
export function messageEncoder(
  desc: DescMessage,
  { options }: Pick<BinarySettings, 'kind' | 'options'>,
): MessageEncoder {
  return {
    encode(message) {
      const octets = toBinary(desc, message, options)
      const buffer = Buffer.allocUnsafe(HEADROOM_BYTES + octets.byteLength)
      buffer.set(octets, HEADROOM_BYTES)
      return { buffer, start: HEADROOM_BYTES, end: buffer.byteLength, isShared: false }
    },
  }
}
