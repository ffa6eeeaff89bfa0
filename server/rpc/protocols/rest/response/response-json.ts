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
import { addUnpopulated } from '../../../../../wire/json/add-unpopulated.ts'
import type { RestSettings } from '../rest-options.ts'

/** What responses are written with. */
export interface ResponseWriting {
  readonly settings: RestSettings
  /** The types for google.protobuf.Any and extensions. */
  readonly registry: Registry | undefined
}

/** Returns the options of protobuf-es. What it lacks, `addUnpopulated` adds. */
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
  readonly #output: DescMessage
  readonly #options: Partial<JsonWriteOptions>
  readonly #addsUnpopulated: boolean
  readonly #field: FieldJson | null
  /** The JSON of the field if it is not set. */
  readonly #unset: JsonValue

  /** @param responseBody the field that is the response body; null for the whole message */
  constructor(output: DescMessage, responseBody: DescField | null, { settings, registry }: ResponseWriting) {
    this.#output = output
    this.#addsUnpopulated = settings.jsonOptions.emitUnpopulated
    this.#options = Object.freeze(jsonWriteOptions(settings.jsonOptions, registry))
    this.#field = responseBody === null ? null : new FieldJson(output, responseBody, this.#options)
    this.#unset = responseBody === null ? null : this.#unsetJson(responseBody)
  }

  /**
   * Returns the JSON of a response.
   *
   * @throws Error for a message that has no JSON
   */
  of(message: Message): JsonValue {
    const field = this.#field
    if (field === null) return this.#jsonOf(this.#output, message)
    return field.isSetIn(message) ? field.in(this.#jsonOf(this.#output, field.only(message))) : this.#unset
  }

  #jsonOf(desc: DescMessage, message: Message): JsonValue {
    const json = toJson(desc, message, this.#options) as JsonValue
    if (this.#addsUnpopulated) addUnpopulated(desc, message, json, this.#options)
    return json
  }

  /** Returns the default value, or the JSON of an empty message. */
  #unsetJson(field: DescField): JsonValue {
    if (field.fieldKind === 'message') {
      return SPECIAL_TYPES.test(field.message.typeName) ? null : this.#jsonOf(field.message, create(field.message))
    }
    const target = reflect(this.#output)
    if (field.fieldKind !== 'list' && field.fieldKind !== 'map') target.set(field, target.get(field))
    const json = toJson(this.#output, target.message, { ...this.#options, alwaysEmitImplicit: true }) as JsonObject
    return json[keyOf(field, this.#options)] ?? null
  }
}

/** Messages whose JSON is not an object: without a value they are null. */
const SPECIAL_TYPES = /^google\.protobuf\.(?:Timestamp|Duration|FieldMask|Value|ListValue|\w+Value)$/

/** The JSON of one field. */
class FieldJson {
  readonly #output: DescMessage
  readonly #field: DescField
  readonly #key: string

  constructor(output: DescMessage, field: DescField, options: Partial<JsonWriteOptions>) {
    this.#output = output
    this.#field = field
    this.#key = keyOf(field, options)
  }

  isSetIn(message: Message): boolean {
    return reflect(this.#output, message).isSet(this.#field)
  }

  /** Returns a message without the other fields, so that only this one is written. */
  only(message: Message): Message {
    const target = reflect(this.#output)
    target.set(this.#field, reflect(this.#output, message).get(this.#field))
    return target.message
  }

  in(json: JsonValue): JsonValue {
    return (json as JsonObject)[this.#key] ?? null
  }
}

function keyOf(field: DescField, { useProtoFieldName }: Partial<JsonWriteOptions>): string {
  return useProtoFieldName === true ? field.name : field.jsonName
}
