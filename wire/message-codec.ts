/** Decodes the messages that one side of a method receives and encodes those that it sends, in both formats. */
import type {
  BinaryReadOptions,
  BinaryWriteOptions,
  DescMessage,
  JsonReadOptions,
  JsonWriteOptions,
  Message,
} from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { type CodecKind, DEFAULT_CODEC_KIND } from './codec/codec-settings.ts'
import { type MessageDecoder, messageDecoder } from './codec/decode/message-decoder.ts'
import { encodingsOf } from './codec/encode/encode-once.ts'
import {
  type EncodedMessage,
  HEADROOM_BYTES,
  type MessageEncoder,
  messageEncoder,
} from './codec/encode/message-encoder.ts'
import { type MessageJsonReader, messageJsonReader } from './codec/json/message-json-reader.ts'
import { messageJsonWriter } from './codec/json/message-json-writer.ts'
import type { MessageJsonWriter } from './codec/json/writer-source.ts'
import { DEFAULT_DECODE_BUDGET_BYTES } from './decode-budget/decode-budget.ts'
import { copyOf } from './http2/http2.ts'
import { clipSentence } from './text/clip-text.ts'

/** The formats of messages. */
export type CodecName = 'proto' | 'json'

/** A format for the messages of one method. */
export interface MessageCodec {
  /** Whether messages keep no part of the octets that they are decoded from. Default: false. */
  readonly copiesOctets?: boolean
  /** A {@link CodecName}, or a name that a protocol gives to a format of its own. */
  readonly name: string
  /**
   * Decodes `data[start, end)`, of which the message keeps no part.
   *
   * @throws ConnectError for a malformed message: INTERNAL in protobuf, INVALID_ARGUMENT in JSON, as in Connect; RESOURCE_EXHAUSTED for
   *   a message that exceeds the decode budget
   */
  decode(data: Uint8Array, start?: number, end?: number): Message
  /** Returns octets that do not change, and that the caller must not change. @throws ConnectError INTERNAL for a message that cannot be encoded */
  encode(message: Message): Uint8Array
}

/** A codec that leaves room for the prefix of an envelope, so that a message reaches the body of its call without further copies. */
export interface HeadroomCodec extends MessageCodec {
  /** The result is valid until the next message is encoded. @throws as `encode` */
  encodeWithHeadroom(message: Message): EncodedMessage
}

/** Whether a codec leaves room for an envelope. */
export function hasHeadroom(codec: MessageCodec): codec is HeadroomCodec {
  return 'encodeWithHeadroom' in codec
}

/** Both formats of a method. */
export type MessageCodecs = Readonly<Record<CodecName, HeadroomCodec>>

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
  #proto: HeadroomCodec | null = null
  #json: HeadroomCodec | null = null

  constructor(messages: CodecMessages, options: CodecOptions) {
    this.#messages = messages
    this.#options = options
  }

  get proto(): HeadroomCodec {
    this.#proto ??= new ProtoCodec(this.#messages, this.#options)
    return this.#proto
  }

  get json(): HeadroomCodec {
    this.#json ??= new JsonCodec(this.#messages, this.#options)
    return this.#json
  }
}

/** Remembers the octets of messages that are marked with `encodeOnce`. */
abstract class RememberingCodec implements HeadroomCodec {
  abstract readonly name: string
  abstract decode(data: Uint8Array, start?: number, end?: number): Message

  encode(message: Message): Uint8Array {
    return ownedOctets(this.encodeWithHeadroom(message))
  }

  encodeWithHeadroom(message: Message): EncodedMessage {
    const known = encodingsOf(message)
    if (known === undefined) return this.write(message)
    let encoded = known.get(this)
    if (encoded === undefined) {
      encoded = keptEncoding(this.write(message))
      known.set(this, encoded)
    }
    return encoded
  }

  /** Encodes a message; the result is valid until the next one is encoded. */
  protected abstract write(message: Message): EncodedMessage
}

class ProtoCodec extends RememberingCodec {
  readonly name = 'proto'
  readonly copiesOctets = true
  readonly #decoder: MessageDecoder
  readonly #encoder: MessageEncoder

  constructor({ decodes, encodes }: CodecMessages, options: CodecOptions) {
    super()
    const { kind = DEFAULT_CODEC_KIND, binary, decodeBudgetBytes = DEFAULT_DECODE_BUDGET_BYTES } = options
    this.#decoder = messageDecoder(decodes, { kind, options: binary, budgetBytes: decodeBudgetBytes })
    this.#encoder = messageEncoder(encodes, { kind, options: binary })
  }

  decode(data: Uint8Array, start = 0, end = data.length): Message {
    try {
      return this.#decoder.decode(data, start, end)
    } catch (error) {
      throw codecError('parse binary', Code.Internal, error)
    }
  }

  protected override write(message: Message): EncodedMessage {
    try {
      return this.#encoder.encode(message)
    } catch (error) {
      throw codecError('serialize binary', Code.Internal, error)
    }
  }
}

class JsonCodec extends RememberingCodec {
  readonly name = 'json'
  readonly copiesOctets = true
  readonly #reader: MessageJsonReader
  readonly #writer: MessageJsonWriter

  constructor({ decodes, encodes }: CodecMessages, codec: CodecOptions) {
    super()
    const { kind = DEFAULT_CODEC_KIND, json, decodeBudgetBytes = DEFAULT_DECODE_BUDGET_BYTES } = codec
    const options = { ignoreUnknownFields: true, ...json }
    this.#reader = messageJsonReader(decodes, { kind, options, budgetBytes: decodeBudgetBytes })
    this.#writer = messageJsonWriter(encodes, { kind, options })
  }

  decode(data: Uint8Array, start = 0, end = data.length): Message {
    try {
      return this.#reader.read(UTF8.decode(end - start === data.length ? data : data.subarray(start, end)))
    } catch (error) {
      throw codecError('parse JSON', Code.InvalidArgument, error)
    }
  }

  protected override write(message: Message): EncodedMessage {
    const text = this.#textOf(message)
    const end = HEADROOM_BYTES + Buffer.byteLength(text)
    const buffer = Buffer.allocUnsafe(end)
    buffer.write(text, HEADROOM_BYTES)
    return { buffer, start: HEADROOM_BYTES, end, isShared: false }
  }

  #textOf(message: Message): string {
    try {
      return this.#writer.write(message)
    } catch (error) {
      throw codecError('serialize JSON', Code.Internal, error)
    }
  }
}

/** Invalid UTF-8 is an error, as in protobuf: replacing characters would change the message. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Returns an encoding that outlives the next one, and may be sent several times. */
function keptEncoding(encoded: EncodedMessage): EncodedMessage {
  return { ...ownedEncoding(encoded), isKept: true }
}

/** Returns an encoding that outlives the next one: a copy if it is shared. */
export function ownedEncoding(encoded: EncodedMessage): EncodedMessage {
  const { buffer, start, end, isShared } = encoded
  if (!isShared) return encoded
  const copy = copyOf(buffer, start - HEADROOM_BYTES, end)
  return { buffer: copy, start: HEADROOM_BYTES, end: copy.length, isShared: false }
}

/** Returns the octets of an encoded message, which the caller owns: a copy if they are shared. */
export function ownedOctets({ buffer, start, end, isShared }: EncodedMessage): Buffer {
  return isShared ? copyOf(buffer, start, end) : buffer.subarray(start, end)
}

/** Returns the error for a message that cannot be converted: a ConnectError as it is, any other with its text clipped. */
export function codecError(what: string, code: Code, error: unknown): ConnectError {
  if (error instanceof ConnectError) return error
  const reason = clipSentence(error instanceof Error ? error.message : String(error))
  return new ConnectError(`${what}: ${reason}`, code, undefined, undefined, error)
}
