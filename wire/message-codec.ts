/** Decodes the messages that one side of a method receives and encodes those that it sends, in both formats. */
import {
  type BinaryReadOptions,
  type BinaryWriteOptions,
  type DescMessage,
  fromBinary,
  type JsonReadOptions,
  type JsonWriteOptions,
  type Message,
  ScalarType,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { DEFAULT_DECODE_BUDGET_BYTES, DecodeBudget } from './decode-budget/decode-budget.ts'
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

/** The options of protobuf-es, and the decode budget. */
export interface CodecOptions {
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
  { binary: options, decodeBudgetBytes = DEFAULT_DECODE_BUDGET_BYTES }: CodecOptions,
): MessageCodec {
  const keepsViews = canHoldBytes(input, new Set())
  const budget = new DecodeBudget(input, decodeBudgetBytes, options)
  return {
    name: 'proto',
    decode(data) {
      if (data.byteLength > budget.freeBytes) budget.check(data)
      try {
        return fromBinary(input, keepsViews ? new Uint8Array(data) : data, options)
      } catch (error) {
        throw codecError('parse binary', Code.Internal, error)
      }
    },
    encode(message) {
      try {
        return toBinary(output, message, options)
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

/** Whether messages can contain `bytes` fields. Those are views of the input, and would keep a whole chunk of the socket alive. */
function canHoldBytes(desc: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(desc)) return false
  seen.add(desc)
  return desc.fields.some((field) => {
    if (field.scalar === ScalarType.BYTES) return true
    return field.message !== undefined && canHoldBytes(field.message, seen)
  })
}

/** Returns the error for a message that cannot be converted: a ConnectError as it is, any other with its text clipped. */
export function codecError(what: string, code: Code, error: unknown): ConnectError {
  if (error instanceof ConnectError) return error
  const reason = clipSentence(error instanceof Error ? error.message : String(error))
  return new ConnectError(`${what}: ${reason}`, code, undefined, undefined, error)
}
