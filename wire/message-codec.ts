/** Decodes what one side of a method says and encodes what the other does, in both formats. */
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

/** One format, for one method. */
export interface MessageCodec {
  /** A {@link CodecName}, or a name that a protocol gives to a format of its own. */
  readonly name: string
  /**
   * @throws ConnectError for what is no such message: INTERNAL in protobuf, INVALID_ARGUMENT in JSON, as Connect has it; and
   * RESOURCE_EXHAUSTED for one that is over the budget of decoding
   */
  decode(data: Uint8Array): Message
  /** @throws ConnectError INTERNAL for a message that cannot be written */
  encode(message: Message): Uint8Array
}

/** Both formats of a method. */
export type MessageCodecs = Readonly<Record<CodecName, MessageCodec>>

/** Options of protobuf-es, and the budget of what it makes. */
export interface CodecOptions {
  readonly json: Partial<JsonReadOptions & JsonWriteOptions>
  readonly binary: Partial<BinaryReadOptions & BinaryWriteOptions> | undefined
  /** What the objects of one decoded message may take in memory, in bytes. Default: 32 MiB, for messages of up to 4 MiB. */
  readonly decodeBudgetBytes?: number
}

/** The two messages of a method, as the side sees them that uses the codec. */
export interface CodecMessages {
  readonly decodes: DescMessage
  readonly encodes: DescMessage
}

/**
 * Unknown fields in JSON are ignored unless the options say otherwise (as in Connect). Each codec is made when it is first asked
 * for: an API has many methods that nobody calls.
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
  // As in protobuf, a string that is no UTF-8 is none: replaced characters would be another message than was sent.
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

/** `bytes` fields are views of what was decoded: they would keep a whole chunk of the socket alive. */
function canHoldBytes(desc: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(desc)) return false
  seen.add(desc)
  return desc.fields.some((field) => {
    if (field.scalar === ScalarType.BYTES) return true
    return field.message !== undefined && canHoldBytes(field.message, seen)
  })
}

function codecError(what: string, code: Code, error: unknown): ConnectError {
  if (error instanceof ConnectError) return error
  const reason = clipSentence(error instanceof Error ? error.message : String(error))
  return new ConnectError(`${what}: ${reason}`, code, undefined, undefined, error)
}
