/** Writes responses, or the field of them that is the response body, as JSON. */
import {
  create,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type JsonWriteOptions,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import type { RestSettings } from '../rest-options.ts'
import { addUnpopulated } from './add-unpopulated.ts'

/** What responses are written with. */
export interface ResponseWriting {
  readonly settings: RestSettings
  /** The types for google.protobuf.Any and extensions. */
  readonly registry: Registry | undefined
}

/** Writes the responses of one binding. */
export class ResponseJson {
  readonly #output: DescMessage
  readonly #options: Partial<JsonWriteOptions>
  readonly #addsUnpopulated: boolean
  readonly #field: FieldJson | null

  /** @param responseBody the field that is the response body; null for the whole message */
  constructor(output: DescMessage, responseBody: DescField | null, { settings, registry }: ResponseWriting) {
    const { alwaysEmitImplicit, emitUnpopulated, enumAsInteger, useProtoFieldName } = settings.jsonOptions
    this.#output = output
    this.#addsUnpopulated = emitUnpopulated
    this.#options = Object.freeze({
      alwaysEmitImplicit: alwaysEmitImplicit || emitUnpopulated,
      enumAsInteger,
      useProtoFieldName,
      ...(registry && { registry }),
    })
    this.#field = responseBody === null ? null : new FieldJson(output, responseBody, this.#options)
  }

  /**
   * Returns the JSON of a response.
   *
   * @throws Error for a message that has no JSON
   */
  of(message: Message): JsonValue {
    const whole = this.#field === null ? message : this.#field.only(message)
    const json = toJson(this.#output, whole, this.#options) as JsonValue
    if (this.#addsUnpopulated) addUnpopulated(this.#output, whole, json, this.#options)
    return this.#field === null ? json : this.#field.in(json)
  }
}

/** The JSON of one field. */
class FieldJson {
  readonly #output: DescMessage
  readonly #field: DescField
  readonly #key: string
  readonly #unset: JsonValue

  constructor(output: DescMessage, field: DescField, options: Partial<JsonWriteOptions>) {
    this.#output = output
    this.#field = field
    this.#key = options.useProtoFieldName === true ? field.name : field.jsonName
    this.#unset = unsetJson(output, field, { ...options, alwaysEmitImplicit: true })
  }

  /** Returns a message without the other fields, so that only this one is written. */
  only(message: Message): Message {
    const target = reflect(this.#output)
    const source = reflect(this.#output, message)
    if (source.isSet(this.#field)) target.set(this.#field, source.get(this.#field))
    return target.message
  }

  in(json: JsonValue): JsonValue {
    const object = json as JsonObject
    return Object.hasOwn(object, this.#key) ? (object[this.#key] as JsonValue) : this.#unset
  }
}

/** Messages whose JSON is not an object: without a value they are null. */
const SPECIAL_TYPES = /^google\.protobuf\.(?:Timestamp|Duration|FieldMask|Value|ListValue|\w+Value)$/

/** Returns the JSON of a field that is not set: its default value, or an empty message. */
function unsetJson(output: DescMessage, field: DescField, options: Partial<JsonWriteOptions>): JsonValue {
  if (field.fieldKind === 'message') return SPECIAL_TYPES.test(field.message.typeName) ? null : {}
  const target = reflect(output, create(output))
  if (field.fieldKind !== 'list' && field.fieldKind !== 'map') target.set(field, target.get(field))
  const json = toJson(output, target.message, options) as JsonObject
  return json[options.useProtoFieldName === true ? field.name : field.jsonName] ?? null
}
