/** Decodes the messages that one side of a method receives and encodes those that it sends, in both formats. */
import {
  type BinaryReadOptions,
  type BinaryWriteOptions,
  type DescMessage,
  type JsonReadOptions,
  type JsonWriteOptions,
  type Message,
  toJsonString,
} from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { CODEC_KINDS, type CodecKind } from './codec/codec-settings.ts'
import { messageDecoder } from './codec/decode/message-decoder.ts'
import { messageEncoder } from './codec/encode/message-encoder.ts'
import { DEFAULT_DECODE_BUDGET_BYTES } from './decode-budget/decode-budget.ts'
import { JsonMessageReader } from './json/json-message-reader.ts'
import { clipSentence } from './text/clip-text.ts'

/** The formats of messages. */
export type CodecName = 'proto' | 'json'

/** A format for the messages of one method. */
export interface MessageCodec {
  /** A {@link CodecName}, or a name that a protocol gives to a format of its own. */
  readonly name: string
  /**
   * @throws ConnectError for a malformed message: INTERNAL in protobuf, INVALID_ARGUMENT in JSON, as in Connect; RESOURCE_EXHAUSTED for
   *   a message that exceeds the decode budget
   */
  decode(data: Uint8Array): Message
  /** @throws ConnectError INTERNAL for a message that cannot be encoded */
  encode(message: Message): Uint8Array
}

/** Both formats of a method. */
export type MessageCodecs = Readonly<Record<CodecName, MessageCodec>>

/** How messages are converted, the options of protobuf-es, and the decode budget. */
export interface CodecOptions {
  /** Default: compiled. */
  readonly kind?: CodecKind
  readonly json: Partial<JsonReadOptions & JsonWriteOptions>
  readonly binary: Partial<BinaryReadOptions & BinaryWriteOptions> | undefined
  /** Maximum memory of the objects of one decoded message, in bytes. Default: 32 MiB, for messages of up to 4 MiB. */
  readonly decodeBudgetBytes?: number
}

/** The two message types of a method, from the viewpoint of the side that uses the codec. */
export interface CodecMessages {
  readonly decodes: DescMessage
  readonly encodes: DescMessage
}

/**
 * Creates the codecs of a method. Unknown fields in JSON are ignored by default (as in Connect). Each codec is created on first use, as
 * large APIs have many methods that are never called.
 */
export function createMessageCodecs(messages: CodecMessages, options: CodecOptions): MessageCodecs {
  return new LazyCodecs(messages, options)
}

class LazyCodecs implements MessageCodecs {
  readonly #messages: CodecMessages
  readonly #options: CodecOptions
  #proto: MessageCodec | null = null
  #json: MessageCodec | null = null

  constructor(messages: CodecMessages, options: CodecOptions) {
    this.#messages = messages
    this.#options = options
  }

  get proto(): MessageCodec {
    const { decodes, encodes } = this.#messages
    this.#proto ??= protoCodec(decodes, encodes, this.#options)
    return this.#proto
  }

  get json(): MessageCodec {
    const { decodes, encodes } = this.#messages
    this.#json ??= jsonCodec(decodes, encodes, this.#options)
    return this.#json
  }
}

function protoCodec(
  input: DescMessage,
  output: DescMessage,
  { kind = CODEC_KINDS[0], binary: options, decodeBudgetBytes = DEFAULT_DECODE_BUDGET_BYTES }: CodecOptions,
): MessageCodec {
  const decoder = messageDecoder(input, { kind, options, budgetBytes: decodeBudgetBytes })
  const encoder = messageEncoder(output, { kind, options })
  return {
    name: 'proto',
    decode(data) {
      try {
        return decoder.decode(data, 0, data.byteLength)
      } catch (error) {
        throw codecError('parse binary', Code.Internal, error)
      }
    },
    encode(message) {
      try {
        const { buffer, start, end, isShared } = encoder.encode(message)
        const octets = buffer.subarray(start, end)
        return isShared ? Buffer.from(octets) : octets
      } catch (error) {
        throw codecError('serialize binary', Code.Internal, error)
      }
    },
  }
}

function jsonCodec(
  input: DescMessage,
  output: DescMessage,
  { json, decodeBudgetBytes = DEFAULT_DECODE_BUDGET_BYTES }: CodecOptions,
): MessageCodec {
  const options = { ignoreUnknownFields: true, ...json }
  const reader = new JsonMessageReader(input, options, decodeBudgetBytes)
  // Invalid UTF-8 is an error, as in protobuf: replacing characters would change the message.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return {
    name: 'json',
    decode(data) {
      try {
        return reader.read(decoder.decode(data))
      } catch (error) {
        throw codecError('parse JSON', Code.InvalidArgument, error)
      }
    },
    encode(message) {
      try {
        return Buffer.from(toJsonString(output, message, options))
      } catch (error) {
        throw codecError('serialize JSON', Code.Internal, error)
      }
    },
  }
}

/** Returns the error for a message that cannot be converted: a ConnectError as it is, any other with its text clipped. */
export function codecError(what: string, code: Code, error: unknown): ConnectError {
  if (error instanceof ConnectError) return error
  const reason = clipSentence(error instanceof Error ? error.message : String(error))
  return new ConnectError(`${what}: ${reason}`, code, undefined, undefined, error)
}
