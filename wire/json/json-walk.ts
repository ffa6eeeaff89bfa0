/** Walks the JSON of a message by its schema, before protobuf-es converts it. */
import { type DescExtension, type DescField, type DescMessage, type Registry, ScalarType } from '@bufbuild/protobuf'
import {
  hasCustomJsonRepresentation,
  isWrapperDesc,
  ListValueSchema,
  StructSchema,
  ValueSchema,
} from '@bufbuild/protobuf/wkt'
import { overBudget } from '../decode-budget/decode-budget.ts'
import { messageCostsOf } from '../decode-budget/message-costs.ts'
import {
  FIRST_SLOTS,
  MAP_ENTRY_BYTES,
  ONEOF_BYTES,
  SLOT_BYTES,
  scalarBytes,
  UNKNOWN_FIELD_BYTES,
} from '../decode-budget/object-bytes.ts'
import { ScanFrame } from '../decode-budget/scan-frame.ts'
import { clipValue } from '../text/clip-text.ts'
import { ANY, JSON_KEY, TYPE_KEY, typeNameOf } from './any-json.ts'
import { toInteger } from './exact-integer.ts'
import { MAX_INTEGER_CHARS } from './scan-json.ts'

/** Options of a walk. */
export interface JsonWalkOptions {
  /** The types of extensions and of `google.protobuf.Any`. */
  readonly registry: Registry | undefined
  /** As `ParsedJson.mark`. */
  readonly mark: string | null
  /** Maximum memory of the message, including `spentBytes`. */
  readonly budgetBytes: number
  readonly spentBytes: number
}

type JsonObject = Record<string, unknown>
type AnyField = DescField | DescExtension

const LONG_TYPES: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
])

const VALUE_BYTES = messageCostsOf(ValueSchema).createdBytes + ONEOF_BYTES
const LIST_BYTES = messageCostsOf(ListValueSchema).createdBytes + FIRST_SLOTS * SLOT_BYTES
const STRUCT_BYTES = messageCostsOf(StructSchema).createdBytes

/** The shortest path of a field mask is one letter and a comma. */
export const MASK_BYTES_PER_CHAR = 24

/** An extension is decoded into a message of its own, then kept as an unknown field. */
const EXTENSION_BYTES = 2 * UNKNOWN_FIELD_BYTES

/**
 * Adds up the memory of the message, and replaces each marked number: by the digits of the integer in 64-bit fields, by the double
 * elsewhere. In 64-bit fields it clips strings that are too long for an integer, which protobuf-es then rejects, as `BigInt` takes
 * quadratic time. Changes arrays and objects in place.
 */
export class JsonWalk {
  readonly #options: JsonWalkOptions
  readonly #fields = new Map<DescMessage, ReadonlyMap<string, AnyField>>()
  readonly #frames: ScanFrame[] = []
  #bytes: number

  constructor(options: JsonWalkOptions) {
    this.#options = options
    this.#bytes = options.spentBytes
  }

  /** Returns the JSON for protobuf-es. @throws ConnectError RESOURCE_EXHAUSTED for a message that exceeds the budget */
  walk(desc: DescMessage, json: unknown): unknown {
    this.#charge(messageCostsOf(desc).createdBytes)
    return this.#message(desc, json, 0)
  }

  #message(desc: DescMessage, json: unknown, depth: number): unknown {
    if (isWrapperDesc(desc)) return this.#scalar(desc.fields[0].scalar, json)
    switch (desc.typeName) {
      case ANY:
        return this.#any(json, depth)
      case 'google.protobuf.FieldMask':
        if (typeof json === 'string') this.#charge(json.length * MASK_BYTES_PER_CHAR)
        return this.#number(json)
      case 'google.protobuf.Struct':
      case 'google.protobuf.ListValue':
      case 'google.protobuf.Value':
        return this.#value(json)
      default:
        return isObject(json) ? this.#members(desc, json, depth) : this.#number(json)
    }
  }

  #members(desc: DescMessage, json: JsonObject, depth: number): unknown {
    const frame = this.#frames[depth] ?? new ScanFrame(depth)
    this.#frames[depth] = frame
    frame.begin(messageCostsOf(desc), 0)
    for (const key of Object.keys(json)) {
      const field = this.#fieldOf(desc, key)
      if (field !== undefined) json[key] = this.#field(field, json[key], frame)
    }
    return json
  }

  #any(json: unknown, depth: number): unknown {
    const typeUrl = isObject(json) ? json[TYPE_KEY] : undefined
    if (!isObject(json) || typeof typeUrl !== 'string') return this.#number(json)
    const desc = this.#options.registry?.getMessage(typeNameOf(typeUrl))
    if (desc === undefined) return json
    this.#charge(messageCostsOf(desc).createdBytes)
    if (!hasCustomJsonRepresentation(desc) || !Object.hasOwn(json, JSON_KEY))
      return this.#message(desc, json, depth + 1)
    json[JSON_KEY] = this.#message(desc, json[JSON_KEY], depth + 1)
    return json
  }

  #field(field: AnyField, json: unknown, frame: ScanFrame): unknown {
    const valueBytes = field.kind === 'extension' ? extensionBytes(field) : bytesOf(field, frame)
    if (field.fieldKind === 'list' && Array.isArray(json)) {
      this.#charge(frame.addElements(field.number, json.length) + json.length * valueBytes)
      for (let index = 0; index < json.length; index++) json[index] = this.#single(field, json[index], frame.depth)
      return json
    }
    if (field.fieldKind === 'map' && isObject(json)) return this.#map(field, json, frame)
    this.#charge(valueBytes + this.#presenceBytes(field, frame))
    return this.#single(field, json, frame.depth)
  }

  #map(field: AnyField & { readonly mapKey: ScalarType }, json: JsonObject, frame: ScanFrame): unknown {
    const costs = frame.costs.fields.get(field.number)
    for (const key of Object.keys(json)) {
      if (key.length > MAX_INTEGER_CHARS && LONG_TYPES.has(field.mapKey)) {
        throw new Error(`cannot decode ${field} from JSON: the map key ${clipValue(key)} is too long`)
      }
      if (costs !== undefined) this.#charge(costs.valueBytes + frame.addKey(costs, indexOf(key)))
      json[key] = this.#single(field, json[key], frame.depth)
    }
    return json
  }

  /** Walks a single value, or one element of a list or map. */
  #single({ message, scalar }: AnyField, json: unknown, depth: number): unknown {
    return message === undefined ? this.#scalar(scalar, json) : this.#message(message, json, depth + 1)
  }

  #presenceBytes(field: AnyField, frame: ScanFrame): number {
    if (field.kind === 'extension') return frame.addUnknown()
    if (field.oneof !== undefined) return ONEOF_BYTES
    return frame.costs.fields.get(field.number)?.addsProperty === true ? frame.addProperty() : 0
  }

  /** @param scalar undefined for an enum */
  #scalar(scalar: ScalarType | undefined, json: unknown): unknown {
    if (typeof json !== 'string' || !LONG_TYPES.has(scalar)) return this.#number(json)
    const literal = this.#literalOf(json)
    if (literal !== undefined) return toInteger(literal)
    return json.length > MAX_INTEGER_CHARS ? clipValue(json) : json
  }

  /** Walks JSON of any shape, whose numbers are doubles. */
  #value(json: unknown): unknown {
    this.#charge(VALUE_BYTES)
    if (Array.isArray(json)) {
      this.#charge(LIST_BYTES + json.length * SLOT_BYTES)
      for (let index = 0; index < json.length; index++) json[index] = this.#value(json[index])
    } else if (isObject(json)) {
      const keys = Object.keys(json)
      this.#charge(STRUCT_BYTES + keys.length * MAP_ENTRY_BYTES)
      for (const key of keys) json[key] = this.#value(json[key])
    }
    return this.#number(json)
  }

  #number(json: unknown): unknown {
    const literal = typeof json === 'string' ? this.#literalOf(json) : undefined
    return literal === undefined ? json : Number(literal)
  }

  #literalOf(json: string): string | undefined {
    const { mark } = this.#options
    return mark !== null && json.startsWith(mark) ? json.slice(mark.length) : undefined
  }

  #fieldOf(desc: DescMessage, key: string): AnyField | undefined {
    let fields = this.#fields.get(desc)
    if (fields === undefined) {
      fields = new Map(desc.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field] as const]))
      this.#fields.set(desc, fields)
    }
    const field = fields.get(key)
    if (field !== undefined || !key.startsWith('[')) return field
    return this.#options.registry?.getExtension(key.slice(1, -1))
  }

  #charge(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#options.budgetBytes) throw overBudget(this.#options.budgetBytes)
  }
}

function bytesOf({ number }: DescField, { costs }: ScanFrame): number {
  return costs.fields.get(number)?.valueBytes ?? 0
}

function extensionBytes({ message, scalar }: DescExtension): number {
  return EXTENSION_BYTES + (message === undefined ? scalarBytes(scalar, true) : messageCostsOf(message).createdBytes)
}

/** Returns the array index that V8 takes a key for; -1 if it is none. */
function indexOf(key: string): number {
  return /^\d{1,9}$/.test(key) ? Number(key) : -1
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
