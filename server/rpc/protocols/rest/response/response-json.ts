/** Writes responses, or the field of them that is the response body, as JSON. */
import {
  create,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonWriteOptions,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import { type CodecKind, DEFAULT_CODEC_KIND } from '../../../../../wire/codec/codec-settings.ts'
import type { JsonWriterSettings } from '../../../../../wire/codec/json/json-settings.ts'
import { fieldJsonWriter, messageJsonWriter } from '../../../../../wire/codec/json/message-json-writer.ts'
import type { RestSettings } from '../rest-options.ts'

/** What responses are written with. */
export interface ResponseWriting {
  readonly settings: RestSettings
  /** The types for google.protobuf.Any and extensions. */
  readonly registry: Registry | undefined
  /** Default: {@link DEFAULT_CODEC_KIND}. */
  readonly kind?: CodecKind | undefined
}

/** Returns the options of protobuf-es. Even so it leaves out some unset fields, which `addUnpopulated` adds. */
export function jsonWriteOptions(
  { alwaysEmitImplicit, emitUnpopulated, enumAsInteger, useProtoFieldName }: RestSettings['jsonOptions'],
  registry: Registry | undefined,
): Partial<JsonWriteOptions> {
  return {
    alwaysEmitImplicit: alwaysEmitImplicit || emitUnpopulated,
    enumAsInteger,
    useProtoFieldName,
    ...(registry && { registry }),
  }
}

/** Writes the responses of one binding. */
export class ResponseJson {
  readonly #settings: JsonWriterSettings
  readonly #writer: { write(message: Message): string | null }
  /** The JSON of the field if it is not set. */
  readonly #unset: string

  /** @param responseBody the field that is the response body; null for the whole message */
  constructor(
    output: DescMessage,
    responseBody: DescField | null,
    { settings, registry, kind = DEFAULT_CODEC_KIND }: ResponseWriting,
  ) {
    const { emitUnpopulated } = settings.jsonOptions
    const options = Object.freeze(jsonWriteOptions(settings.jsonOptions, registry))
    this.#settings = { kind, options, emitsUnpopulated: emitUnpopulated }
    this.#writer =
      responseBody === null ? messageJsonWriter(output, this.#settings) : fieldJsonWriter(responseBody, this.#settings)
    this.#unset = responseBody === null ? 'null' : this.#unsetText(responseBody, options)
  }

  /**
   * Returns the JSON of a response as text, on one line.
   *
   * @throws Error for a message that has no JSON
   */
  textOf(message: Message): string {
    return this.#writer.write(message) ?? this.#unset
  }

  /** Returns the default value, or the JSON of an empty message. */
  #unsetText(field: DescField, options: Partial<JsonWriteOptions>): string {
    if (field.fieldKind === 'message') {
      if (SPECIAL_TYPES.test(field.message.typeName)) return 'null'
      return messageJsonWriter(field.message, this.#settings).write(create(field.message) as Message)
    }
    const target = reflect(field.parent)
    if (field.fieldKind !== 'list' && field.fieldKind !== 'map') target.set(field, target.get(field))
    const json = toJson(field.parent, target.message, { ...options, alwaysEmitImplicit: true }) as JsonObject
    return JSON.stringify(json[options.useProtoFieldName === true ? field.name : field.jsonName] ?? null)
  }
}

/** Messages whose JSON is not an object: without a value they are null. */
const SPECIAL_TYPES = /^google\.protobuf\.(?:Timestamp|Duration|FieldMask|Value|ListValue|\w+Value)$/
