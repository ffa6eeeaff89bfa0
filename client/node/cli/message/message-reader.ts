/** Reads messages from JSON; the types of Any and of extensions may have to be loaded first. */
import {
  type DescExtension,
  type DescField,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import { base64Encode } from '@bufbuild/protobuf/wire'
import { hasCustomJsonRepresentation } from '@bufbuild/protobuf/wkt'
import { ANY, BYTES_KEY, JSON_KEY, TYPE_KEY, typeNameOf } from '../../../../wire/json/any-json.ts'
import { JsonWalk } from '../../../../wire/json/json-walk.ts'
import { hasStandIns } from '../schema/stand-in.ts'
import { InputError } from '../terminal/program-errors.ts'
import type { MetTypes } from './met-types.ts'
import { wireNameOf, withWireAny } from './wire-any.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** The text is the user's own. */
const UNBOUNDED = { budgetBytes: Number.POSITIVE_INFINITY, spentBytes: 0 }

/** Rewrites each Any to its wire form before the library reads the JSON. */
export class MessageReader {
  readonly #types: MetTypes
  readonly #mark: string | null
  /** Only messages with an Any need the rewritten types, which are slow to make for a large API. */
  #hasAny = false

  /** @param mark that of long numbers in the JSON, as `parseJson` gives it */
  constructor(types: MetTypes, mark: string | null) {
    this.#types = types
    this.#mark = mark
  }

  /**
   * Reads a message.
   *
   * @param json as `parseJson` gives it; changed in place
   * @throws InputError naming an unknown type
   * @throws Error naming the invalid field
   */
  read<Schema extends DescMessage>(schema: Schema, json: unknown): MessageShape<Schema> {
    return fromBinary(schema, this.#bytes(schema, json))
  }

  #bytes(desc: DescMessage, json: unknown): Uint8Array {
    const plain = this.#message(desc, json)
    const { registry: own } = this.#types
    const registry = this.#hasAny || hasStandIns(own) ? withWireAny(own) : own
    const wireDesc = registry.getMessage(registry === own ? desc.typeName : wireNameOf(desc.typeName))
    if (wireDesc === undefined) throw new InputError(`the type ${desc.typeName} is not in the schema`)
    const exact = new JsonWalk({ ...UNBOUNDED, registry, mark: this.#mark }).walk(wireDesc, plain)
    return toBinary(wireDesc, fromJson(wireDesc, exact as JsonValue, { registry }))
  }

  /** Invalid JSON outside of Any is left for the library to report. */
  #message(desc: DescMessage, json: unknown): unknown {
    if (!isObject(json)) return json
    if (desc.typeName === ANY) return this.#any(json)
    if (hasCustomJsonRepresentation(desc)) return json
    return mapValues(json, (value, key) => this.#field(this.#fieldOf(desc, key), value))
  }

  #fieldOf(desc: DescMessage, key: string): DescField | DescExtension | undefined {
    const field = desc.fields.find(({ name, jsonName }) => jsonName === key || name === key)
    if (field !== undefined || !key.startsWith('[')) return field
    return this.#types.extension(key.slice(1, -1))
  }

  #field(field: DescField | DescExtension | undefined, json: unknown): unknown {
    const message = field?.message
    if (field === undefined || message === undefined) return json
    if (field.fieldKind === 'list') return Array.isArray(json) ? json.map((item) => this.#message(message, item)) : json
    if (field.fieldKind !== 'map') return this.#message(message, json)
    return isObject(json) ? mapValues(json, (value) => this.#message(message, value)) : json
  }

  #any(json: JsonObject): unknown {
    this.#hasAny = true
    const { [TYPE_KEY]: typeUrl, ...rest } = json
    if (typeUrl === undefined && Object.keys(rest).length === 0) return {}
    if (typeof typeUrl !== 'string') throw new InputError(`a ${ANY} needs "${TYPE_KEY}", the URL of its type`)
    if (Object.hasOwn(rest, BYTES_KEY)) return anyOfBytes(json)
    const desc = this.#types.message(typeNameOf(typeUrl))
    if (desc === undefined) throw unknownType(typeUrl)
    const value = hasCustomJsonRepresentation(desc) ? (rest[JSON_KEY] ?? null) : rest
    return { [TYPE_KEY]: typeUrl, [BYTES_KEY]: base64Encode(this.#bytes(desc, value)) }
  }
}

function anyOfBytes(json: JsonObject): unknown {
  const other = Object.keys(json).find((key) => key !== TYPE_KEY && key !== BYTES_KEY)
  if (other === undefined) return json
  throw new InputError(`a ${ANY} with "${BYTES_KEY}" cannot have "${other}" beside it`)
}

function unknownType(typeUrl: string): InputError {
  const form = `{"${TYPE_KEY}": "${typeUrl}", "${BYTES_KEY}": "BASE64"}`
  return new InputError(`the type ${typeNameOf(typeUrl)} is not in the schema: give its bytes, as ${form}`)
}

function mapValues(json: JsonObject, change: (value: unknown, key: string) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, change(value, key)]))
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
