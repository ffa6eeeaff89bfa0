/** Reads the body of a request into the request message, as the rule maps it. */
import { create, type DescField, type DescMessage, type JsonValue, type Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { DEFAULT_CODEC_KIND } from '../../../../../wire/codec/codec-settings.ts'
import { type MessageJsonReader, messageJsonReader } from '../../../../../wire/codec/json/message-json-reader.ts'
import { DEFAULT_DECODE_BUDGET_BYTES } from '../../../../../wire/decode-budget/decode-budget.ts'
import { codecError } from '../../../../../wire/message-codec.ts'
import { isHttpBody } from '../response/http-body.ts'
import type { BinderSettings } from './binder-settings.ts'
import type { HttpBinding } from './http-binding.ts'
import { PatchMask } from './patch-mask.ts'
import { type Fields, setField } from './set-field.ts'

/** Invalid UTF-8 is an error: replacing characters would change the message. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Reads bodies for one binding. */
export class BodyDecoder {
  /** Whether the body may have any content type, as it is not JSON. */
  readonly isRaw: boolean
  readonly #binding: HttpBinding
  readonly #settings: BinderSettings
  readonly #input: DescMessage
  readonly #field: DescField | undefined
  readonly #budgetBytes: number
  /** Null until the first body. */
  #reader: MessageJsonReader | null = null
  readonly #mask: PatchMask | null
  /** The bodies of messages whose mask may have to be filled. */
  readonly #bodies = new WeakMap<Message, JsonValue>()

  constructor(binding: HttpBinding, settings: BinderSettings) {
    const { body, method } = binding
    this.#binding = binding
    this.#settings = settings
    this.#input = method.input
    this.#field = body === null || body === '*' ? undefined : body
    const target = body === '*' ? method.input : body?.fieldKind === 'message' ? body.message : undefined
    this.isRaw = isHttpBody(target)
    this.#budgetBytes = settings.decodeBudgetBytes ?? DEFAULT_DECODE_BUDGET_BYTES
    this.#mask = settings.patchMasks ? PatchMask.of(binding, this.#budgetBytes) : null
  }

  /**
   * Returns the request message. An empty body leaves what it maps unset.
   *
   * @throws ConnectError INVALID_ARGUMENT for a malformed body, or one where the rule maps none; RESOURCE_EXHAUSTED for one that
   *   exceeds the decode budget
   */
  decode(body: Uint8Array): Message {
    if (this.isRaw) return this.#raw(body)
    if (body.byteLength === 0) return create(this.#input)
    if (this.#binding.body === null) return this.#unmapped()
    try {
      this.#reader ??= this.#createReader()
      const text = UTF8.decode(body)
      if (this.#mask === null) return this.#reader.read(text, this.#field)
      const json = this.#reader.parse(text, this.#field)
      const message = this.#reader.convert(json)
      this.#bodies.set(message, json)
      return message
    } catch (error) {
      throw codecError('parse JSON', Code.InvalidArgument, error)
    }
  }

  /**
   * Fills the field mask of a PATCH, after everything else is applied.
   *
   * @throws ConnectError INVALID_ARGUMENT for a body that the mask cannot name
   */
  fillMask(message: Message): void {
    if (this.#mask === null || this.#field === undefined) return
    const json = this.#bodies.get(message) as Record<string, JsonValue> | undefined
    this.#bodies.delete(message)
    const body = json?.[this.#field.jsonName]
    if (body !== undefined) this.#mask.fill(message, body)
  }

  #createReader(): MessageJsonReader {
    const { json, kind = DEFAULT_CODEC_KIND, unknownFields } = this.#settings
    const options = { ...json, ignoreUnknownFields: unknownFields === 'ignore' }
    return messageJsonReader(this.#input, { kind, options, budgetBytes: this.#budgetBytes })
  }

  #unmapped(): Message {
    if (this.#settings.bodyWithoutMapping === 'ignore') return create(this.#input)
    throw new ConnectError('the request has a body, but the method takes none', Code.InvalidArgument)
  }

  /** The content type, which only the head of the request states, is set later. */
  #raw(body: Uint8Array): Message {
    // A copy: views would keep a whole chunk of the socket alive.
    const content = { data: new Uint8Array(body) }
    if (this.#field === undefined) return create(this.#input, content)
    const message = create(this.#input)
    if (body.byteLength > 0) {
      setField(message as unknown as Fields, this.#field, create(this.#field.message as DescMessage, content))
    }
    return message
  }
}
