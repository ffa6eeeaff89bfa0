/** Reads the requests and writes the responses of one binding, for clients that ask for the same forms. */
import { Buffer } from 'node:buffer'
import type { Message } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { encodingsOf } from '../../../../../wire/codec/encode/encode-once.ts'
import { indented } from '../../../../../wire/codec/json/message-json-writer.ts'
import { codecError, type MessageCodec } from '../../../../../wire/message-codec.ts'
import type { ErrorWriting } from '../errors/error-body.ts'
import { octetsOfBody } from '../response/http-body.ts'
import type { ErrorForm, RestSettings, StreamForm } from '../rest-options.ts'
import { ENVELOPE, JSON_ARRAY, NDJSON } from '../streams/json-formats.ts'
import { createSseFormat } from '../streams/sse-format.ts'
import type { StreamFormat } from '../streams/stream-format.ts'
import type { RestOperation } from './rest-operation.ts'

/** What clients ask for. */
interface RestForms {
  readonly errors: ErrorWriting
  /** How a server stream is written; null for responses that are not streams of JSON. */
  readonly stream: StreamFormat | null
  /** Spaces per level of a single message. */
  readonly indent: number
  /** Whether the body of requests is a form with the parameters of the query. */
  readonly readsForm: boolean
}

/** The forms of requests that are about to be bound. */
const FORMS = new WeakMap<Message, string>()

const NO_OCTETS = new Uint8Array(0)

/** Returns the parameters in the body of a request whose codec reads forms. */
export function formOf(message: Message): string {
  return FORMS.get(message) ?? ''
}

/** Shared by calls with the same binding and forms. Plans lead to it, and so to the binding. */
export class RestCodec implements MessageCodec {
  /** The content type of responses. */
  readonly name: string
  readonly operation: RestOperation
  readonly errors: ErrorWriting
  readonly stream: StreamFormat | null
  readonly readsForm: boolean
  readonly #indent: number

  constructor(operation: RestOperation, { errors, stream, indent, readsForm }: RestForms) {
    this.name = stream?.contentType ?? 'application/json'
    this.operation = operation
    this.errors = errors
    this.stream = stream
    this.readsForm = readsForm
    this.#indent = indent
  }

  decode(octets: Uint8Array, start = 0, end = octets.length): Message {
    const { binder } = this.operation
    const data = octets.subarray(start, end)
    if (!this.readsForm) return binder.decode(data)
    const message = binder.decode(NO_OCTETS)
    FORMS.set(message, Buffer.from(data).toString())
    return message
  }

  /** The octets of a stream are copied, as its format may change the first ones. */
  encode(message: Message): Uint8Array {
    const known = this.stream === null ? undefined : encodingsOf(message)
    if (known === undefined) return this.#write(message)
    let encoded = known.get(this)
    if (encoded === undefined) {
      const octets = Buffer.from(this.#write(message))
      encoded = { buffer: octets, start: 0, end: octets.length, isShared: false }
      known.set(this, encoded)
    }
    return Buffer.from(encoded.buffer)
  }

  #write(message: Message): Uint8Array {
    const { operation, stream } = this
    try {
      if (operation.writesRaw) return octetsOfBody(operation.bodyOf(message))
      const text = operation.response.textOf(message)
      if (stream !== null) return stream.frame(text, message)
      return Buffer.from(this.#indent === 0 ? text : indented(text, this.#indent))
    } catch (error) {
      throw codecError('serialize JSON', Code.Internal, error)
    }
  }
}

const FORMATS: Readonly<Record<Exclude<StreamForm, 'sse'>, StreamFormat>> = {
  ndjson: NDJSON,
  jsonArray: JSON_ARRAY,
  envelope: ENVELOPE,
}

/** What the head of a request says about its codec. */
export interface CodecWish {
  readonly errors: ErrorForm
  /** Null: the response is not a stream of JSON. */
  readonly stream: StreamForm | null
  readonly readsForm: boolean
}

/** The codecs of one binding: at most one for each form of errors and streams, however many clients there are. */
export class RestCodecs {
  readonly #operation: RestOperation
  readonly #settings: RestSettings
  readonly #codecs: Readonly<Record<ErrorForm, Map<string, RestCodec>>> = {
    status: new Map(),
    problem: new Map(),
    aip193: new Map(),
  }

  constructor(operation: RestOperation, settings: RestSettings) {
    this.#operation = operation
    this.#settings = settings
  }

  /** Returns the codec for clients that want these forms. */
  for(wish: CodecWish): RestCodec {
    const { errors, stream, readsForm } = wish
    const key = readsForm ? `form ${stream}` : (stream ?? 'message')
    const known = this.#codecs[errors]
    let codec = known.get(key)
    if (codec === undefined) {
      codec = this.#create(wish)
      known.set(key, codec)
    }
    return codec
  }

  #create({ errors: form, stream, readsForm }: CodecWish): RestCodec {
    const { jsonOptions } = this.#settings
    const { registry } = this.#operation.entry.codecOptions.json
    const errors = { form, registry, json: jsonOptions }
    const { indent } = jsonOptions
    return new RestCodec(this.#operation, { errors, stream: this.#formatOf(stream), indent, readsForm })
  }

  #formatOf(stream: StreamForm | null): StreamFormat | null {
    if (stream === null) return null
    return stream === 'sse' ? createSseFormat(this.#operation.events) : FORMATS[stream]
  }
}
