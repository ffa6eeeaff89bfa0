/** Writes messages as JSON without loss: values without a JSON form are written in their wire form. */
import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescMessage,
  isMessage,
  type JsonValue,
  type Message,
  ScalarType,
  toBinary,
  toJson,
} from '@bufbuild/protobuf'
import { isReflectMessage, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import { base64Encode } from '@bufbuild/protobuf/wire'
import { FeatureSet_FieldPresence, hasCustomJsonRepresentation, isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { DecodeAllowance } from '../../../../wire/decode-budget/decode-budget.ts'
import { ANY, BYTES_KEY, JSON_KEY, TYPE_KEY, typeNameOf } from '../../../../wire/json/any-json.ts'
import { isStandIn } from '../schema/stand-in.ts'
import type { MetTypes } from './met-types.ts'
import type { ShownGaps } from './shown-gaps.ts'

/** Any values nested deeper stay bytes. The decoder's own limit starts anew in each Any. */
const MAX_DEPTH = 200

/** Enough digits to tell any two 32-bit floats apart. */
const MAX_FLOAT_DIGITS = 9

/** How messages are written. */
export interface WriterOptions {
  readonly types: MetTypes
  /** Fields without presence are written even if they have their default value. */
  readonly emitsDefaults: boolean
  /** Records what is left out. */
  readonly gaps: ShownGaps
}

/** What a field, an element of a list and a value of a map have in common. */
type ValueKind = Pick<DescField | DescExtension, 'scalar' | 'enum' | 'message'>

/** Writes one message, once: types that are loaded later need a new writer. */
export class MessageWriter {
  readonly #options: WriterOptions
  /** Shared by all bytes of the message that are decoded. */
  readonly #allowance = new DecodeAllowance()
  #depth = 0

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Returns protobuf's JSON of a message, where the specification defines it. */
  write(desc: DescMessage, message: Message): JsonValue {
    return this.#message(reflect(desc, message, false))
  }

  #message(message: ReflectMessage): JsonValue {
    this.#depth++
    try {
      const { desc } = message
      if (isStandIn(desc)) return this.#standIn(message)
      if (desc.typeName === ANY) return this.#any(message)
      return hasCustomJsonRepresentation(desc) ? this.#custom(message) : this.#fields(message)
    } finally {
      this.#depth--
    }
  }

  #standIn({ desc, message }: ReflectMessage): JsonValue {
    this.#options.gaps.addType(desc.typeName)
    return base64Encode(toBinary(desc, message))
  }

  /** Falls back to the fields for values without a JSON form, such as a timestamp in the year 10,000. */
  #custom(message: ReflectMessage): JsonValue {
    try {
      return toJson(message.desc, message.message)
    } catch {
      return this.#fields(message)
    }
  }

  #fields(message: ReflectMessage): JsonValue {
    const shown = message.sortedFields.filter((field) => message.isSet(field) || this.#isEmitted(field))
    const entries = shown.map((field) => [field.jsonName, this.#field(message, field)] as const)
    return Object.fromEntries([...entries, ...this.#extensions(message)])
  }

  #isEmitted({ presence }: DescField): boolean {
    return this.#options.emitsDefaults && presence === FeatureSet_FieldPresence.IMPLICIT
  }

  #field(message: ReflectMessage, field: DescField): JsonValue {
    if (field.fieldKind === 'list') return Array.from(message.get(field), (item) => this.#value(field, item))
    if (field.fieldKind !== 'map') return this.#value(field, message.get(field))
    const entries = Array.from(message.get(field), ([key, value]) => [String(key), this.#value(field, value)] as const)
    return Object.fromEntries(entries)
  }

  #value(kind: ValueKind, value: unknown): JsonValue {
    if (isReflectMessage(value)) return this.#message(value)
    return kind.enum === undefined ? jsonOfScalar(kind.scalar, value) : jsonOfEnum(kind.enum, Number(value))
  }

  #any({ desc, message }: ReflectMessage): JsonValue {
    if (!isAny(message)) return this.#fields(reflect(desc, message, false))
    const { typeUrl, value } = message
    if (typeUrl === '' && value.length === 0) return {}
    const type = this.#depth < MAX_DEPTH ? this.#options.types.message(typeNameOf(typeUrl)) : undefined
    const json = type && this.#decoded(type, value)
    if (type === undefined || json === undefined) return { [TYPE_KEY]: typeUrl, [BYTES_KEY]: base64Encode(value) }
    const isObject = !hasCustomJsonRepresentation(type) && typeof json === 'object' && !Array.isArray(json)
    return isObject ? { [TYPE_KEY]: typeUrl, ...json } : { [TYPE_KEY]: typeUrl, [JSON_KEY]: json }
  }

  #decoded(desc: DescMessage, bytes: Uint8Array): JsonValue | undefined {
    let message: Message
    try {
      message = this.#allowance.decode(desc, bytes)
    } catch {
      return undefined // Not what its type says, or too large once decoded, so it stays bytes.
    }
    return this.write(desc, message)
  }

  *#extensions({ desc, message }: ReflectMessage): Generator<readonly [string, JsonValue], void> {
    const numbers = new Set(message.$unknown?.map(({ no }) => no))
    for (const number of numbers) {
      const extension = this.#options.types.extensionOf(desc, number)
      const json = extension && this.#extension(message, extension)
      if (extension !== undefined && json !== undefined) yield [extension.jsonName, json]
      else this.#options.gaps.addField(desc.typeName, number)
    }
  }

  #extension(message: Message, extension: DescExtension): JsonValue | undefined {
    try {
      return this.#extensionValue(extension, this.#allowance.extension(message, extension))
    } catch {
      return undefined
    }
  }

  /** The library unwraps wrappers and Struct unless they are in a list. */
  #extensionValue(extension: DescExtension, value: unknown): JsonValue {
    if (Array.isArray(value)) return value.map((item) => this.#extensionValue(extension, item))
    const { message } = extension
    if (message === undefined) return this.#value(extension, value)
    if (isMessage(value)) return this.write(message, value)
    return isWrapperDesc(message) ? jsonOfScalar(message.fields[0].scalar, value) : (value as JsonValue)
  }
}

/** The server's descriptor of Any may differ from the well-known one. */
function isAny(message: Message): message is Message & { typeUrl: string; value: Uint8Array } {
  return (
    'typeUrl' in message &&
    typeof message.typeUrl === 'string' &&
    'value' in message &&
    message.value instanceof Uint8Array
  )
}

function jsonOfEnum({ typeName, value }: DescEnum, number: number): JsonValue {
  return typeName === 'google.protobuf.NullValue' ? null : (value[number]?.jsonName ?? number)
}

function jsonOfScalar(scalar: ScalarType | undefined, value: unknown): JsonValue {
  if (value instanceof Uint8Array) return base64Encode(value)
  if (typeof value === 'number') return jsonOfFloat(value, scalar === ScalarType.FLOAT)
  return typeof value === 'boolean' ? value : String(value)
}

/** Returns a number, or the name of one that JSON lacks. A 32-bit float gets the fewest digits that identify it. */
function jsonOfFloat(value: number, isFloat32: boolean): number | string {
  if (!Number.isFinite(value)) return String(value)
  if (!isFloat32 || Number.isInteger(value)) return value
  for (let digits = 1; digits < MAX_FLOAT_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(MAX_FLOAT_DIGITS))
}
