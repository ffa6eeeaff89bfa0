/** Decodes the bodies of successful responses of REST. */
import {
  create,
  type DescMethod,
  fromJson,
  type JsonValue,
  type Message,
  type MessageInitShape,
  type Registry,
} from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { HttpBinding } from './http-rule.ts'
import { NdjsonReader, SseReader, type StreamTextReader } from './stream-texts.ts'

const HTTP_BODY = 'google.api.HttpBody'

/** Turns bodies into messages of a method, by the binding that was called. */
export class RestDecoder {
  readonly #method: DescMethod
  readonly #responseBody: string
  readonly #registry: Registry

  constructor(method: DescMethod, { responseBody }: HttpBinding, registry: Registry) {
    this.#method = method
    this.#responseBody = responseBody
    this.#registry = registry
  }

  /** Whether bodies are not JSON, but the data of a `google.api.HttpBody`. */
  get isRaw(): boolean {
    const { output } = this.#method
    if (this.#responseBody === '') return output.typeName === HTTP_BODY
    const field = output.fields.find(({ name }) => name === this.#responseBody)
    return field?.fieldKind === 'message' && field.message.typeName === HTTP_BODY
  }

  /** Returns the reader for a stream of a content type. */
  streamReader(contentType: string): StreamTextReader {
    if (contentType.startsWith('text/event-stream')) return new SseReader()
    return new NdjsonReader(this.#method.output.fields.some(({ jsonName }) => jsonName === 'error'))
  }

  /** @throws ConnectError if the text is no such message */
  decodeJson(text: string): Message {
    try {
      return this.#fromJson(JSON.parse(text))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new ConnectError(`the response cannot be read: ${reason}`, Code.Internal)
    }
  }

  decodeRaw(contentType: string, data: Uint8Array): Message {
    const { output } = this.#method
    const body = { contentType, data }
    if (this.#responseBody === '') return create(output, body as MessageInitShape<typeof output>)
    const field = output.fields.find(({ name }) => name === this.#responseBody)
    return create(output, { [field?.localName ?? '']: body } as MessageInitShape<typeof output>)
  }

  #fromJson(json: JsonValue): Message {
    const { output } = this.#method
    const options = { registry: this.#registry, ignoreUnknownFields: true }
    return fromJson(output, this.#responseBody === '' ? json : { [this.#jsonName()]: json }, options)
  }

  #jsonName(): string {
    return this.#method.output.fields.find(({ name }) => name === this.#responseBody)?.jsonName ?? this.#responseBody
  }
}
