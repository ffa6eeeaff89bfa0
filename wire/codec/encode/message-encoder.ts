/** Encodes the messages of one type in the binary format. */
import { Buffer } from 'node:buffer'
import { type DescMessage, type Message, toBinary } from '@bufbuild/protobuf'
import type { BinarySettings } from '../codec-settings.ts'
import { allocate, output, SLACK_BYTES } from './output.ts'
import { TypeEncoders } from './type-encoders.ts'
import type { TypeEncoder } from './write-parts.ts'

/** The octets before an encoded message, which its writer may use for the prefix of an envelope. */
export const HEADROOM_BYTES = 5

/** The first buffer of a message that is encoded while another one is. */
const NESTED_BYTES = 4 * 1024

/** An encoded message: `buffer[start, end)`, after {@link HEADROOM_BYTES} octets that are free to use. */
export interface EncodedMessage {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  /** Whether the buffer is reused: the octets are valid until the next message is encoded. Else the caller owns the buffer. */
  readonly isShared: boolean
  /** Whether the octets are also sent to other calls, and so must stay. Default: false. */
  readonly isKept?: boolean
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

/** Returns the encoder of a type. It is compiled when it is first used. */
export function messageEncoder(
  desc: DescMessage,
  { kind, options }: Pick<BinarySettings, 'kind' | 'options'>,
): MessageEncoder {
  if (kind === 'reflective') return reflectiveEncoder(desc, options)
  const { writeUnknownFields } = { writeUnknownFields: true, ...options }
  return compiledEncoder((writeUnknownFields ? withUnknown : withoutUnknown).find(desc))
}

const withUnknown = new TypeEncoders({ writesUnknown: true })
const withoutUnknown = new TypeEncoders({ writesUnknown: false })

function reflectiveEncoder(desc: DescMessage, options: BinarySettings['options']): MessageEncoder {
  return {
    encode(message) {
      const octets = toBinary(desc, message, options)
      const buffer = Buffer.allocUnsafe(HEADROOM_BYTES + octets.byteLength)
      buffer.set(octets, HEADROOM_BYTES)
      return { buffer, start: HEADROOM_BYTES, end: buffer.byteLength, isShared: false }
    },
  }
}

/** The result of all messages that fit the buffer that is reused. */
const shared = { buffer: output.buffer as Buffer, start: HEADROOM_BYTES, end: 0, isShared: true }

/** Returns an encoder that writes with the functions of a type. */
export function compiledEncoder(encoder: TypeEncoder): MessageEncoder {
  return {
    encode(message) {
      if (output.isBusy) return encodeNested(encoder, message)
      output.isBusy = true
      try {
        const end = encoder.write(message, HEADROOM_BYTES)
        if (!output.isScratch) return ownedMessage(end)
        shared.end = end
        return shared
      } finally {
        output.isBusy = false
        if (!output.isScratch) output.reset()
      }
    },
  }
}

/** Encodes a message for code that runs while another one is encoded, such as a getter on it. */
function encodeNested(encoder: TypeEncoder, message: Message): EncodedMessage {
  const outer = output.buffer
  output.use(allocate(NESTED_BYTES + SLACK_BYTES))
  try {
    return ownedMessage(encoder.write(message, HEADROOM_BYTES))
  } finally {
    output.use(outer)
  }
}

function ownedMessage(end: number): EncodedMessage {
  return { buffer: output.buffer, start: HEADROOM_BYTES, end, isShared: false }
}
