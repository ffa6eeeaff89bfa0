/** Compiles a message type to the function that reads its JSON. */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf'
import { countMembers } from '../../json/quick-scan.ts'
import { isJson, isUnwrapped } from '../create/member-plan.ts'
import type { MessageConstructor } from '../create/message-class.ts'
import { FunctionSource, literal, propertyOf } from '../function-source.ts'
import { setOwn } from '../set-own.ts'
import {
  enumReader,
  isBooleanKey,
  isInt32Key,
  isInt64Key,
  isStringKey,
  isUint32Key,
  isUint64Key,
  type ReadEnum,
  readBytes,
  readDouble,
  readFloat,
  readInt32,
  readInt64,
  readInt64Text,
  readUint32,
  readUint64,
  readUint64Text,
} from './reader-values.ts'
import { type ReadProgress, readJsonObject } from './value-readers.ts'

/**
 * Returns the message of a parsed value; undefined if protobuf-es has to read the whole, or refuse it.
 *
 * @param left the number of levels of messages that are still allowed, with this one
 * @param progress what is updated
 */
export type ReadJson = (json: unknown, left: number, progress: ReadProgress) => Message | undefined

/** What the functions of all types for the same options share. */
export interface ReaderContext {
  readonly ignoresUnknown: boolean
  /** Whether keys can name extensions. */
  readonly hasRegistry: boolean
  /** Returns the reader of the messages in a field. */
  of(desc: DescMessage): { readonly read: ReadJson }
}

/** Comparing a key with this many others takes longer than a look-up in a map. */
const MAX_COMPARED_KEYS = 24

const SEEN_BITS = 31
const GIVE_UP = 'return undefined'

/**
 * Returns the function of a type. It gives up on values that are not in their usual form: protobuf-es reads or refuses them.
 */
export function compileReader(desc: DescMessage, Constructor: MessageConstructor, context: ReaderContext): ReadJson {
  return new ReaderSource(desc, context).compile(Constructor)
}

/** Returns the function of a wrapper type. */
export function compileWrapperReader({ fields, typeName }: DescMessage, Constructor: MessageConstructor): ReadJson {
  const source = new FunctionSource()
  source.add(`const v = json`, `const e = left >= 1 ? ${scalarRead(fields[0]?.scalar, false, source)} : undefined`)
  source.add(
    `if (e === undefined) ${GIVE_UP}`,
    `const m = new ${source.bind(Constructor)}()`,
    'm.value = e',
    'return m',
  )
  return source.compile('json, left, progress', `read ${typeName}`)
}

class ReaderSource {
  readonly #desc: DescMessage
  readonly #context: ReaderContext
  readonly #source = new FunctionSource()
  /** The bits of fields with two names, and of oneofs, that are set when the first one is found. */
  readonly #bits = new Map<DescField | DescOneof, number>()

  constructor(desc: DescMessage, context: ReaderContext) {
    this.#desc = desc
    this.#context = context
  }

  compile(Constructor: MessageConstructor): ReadJson {
    const source = this.#source
    const keysOf = this.#keysOfFields()
    const cases = [...keysOf].map(([field, keys]) => [keys, this.#field(field, keys)] as const)
    const isLong = [...keysOf.values()].flat().length > MAX_COMPARED_KEYS
    const indexes = new Map(cases.flatMap(([keys], index) => keys.map((key) => [key, index] as const)))
    source.add(`if (!(left >= 1) || typeof json !== 'object' || json === null || Array.isArray(json)) ${GIVE_UP}`)
    source.add(`const m = new ${source.bind(Constructor)}()`, 'let n = 0')
    for (let first = 0; first < this.#bits.size; first += SEEN_BITS) source.add(`let s${first / SEEN_BITS} = 0`)
    source.add('for (const key in json) {', 'n++', 'const v = json[key]')
    source.add(isLong ? `switch (${source.bind(indexes)}.get(key)) {` : 'switch (key) {')
    cases.forEach(([keys, lines], index) => {
      const labels = isLong ? [`case ${index}:`] : keys.map((key) => `case ${literal(key)}:`)
      source.add(`${labels.join(' ')} {`, ...lines, 'break', '}')
    })
    source.add('default: {', ...this.#unknown(), '}', '}', '}', 'progress.members += n', 'return m')
    return source.compile('json, left, progress', `read ${this.#desc.typeName}`)
  }

  /** Of two fields with the same key, protobuf-es knows the last. */
  #keysOfFields(): Map<DescField, string[]> {
    const fields = new Map(
      this.#desc.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field] as const]),
    )
    const keys = new Map<DescField, string[]>()
    for (const [key, field] of fields) keys.set(field, [...(keys.get(field) ?? []), key])
    return keys
  }

  #unknown(): string[] {
    const { ignoresUnknown, hasRegistry } = this.#context
    if (!ignoresUnknown) return [GIVE_UP]
    const count = `n += ${this.#source.bind(countMembers)}(v)`
    return hasRegistry ? [`if (key.startsWith('[')) ${GIVE_UP}`, count] : [count]
  }

  #field(field: DescField, keys: readonly string[]): string[] {
    const { localName, oneof } = field
    const first = keys.length > 1 ? this.#once(field) : []
    const target = propertyOf('m', localName)
    if (field.fieldKind === 'list') return [...first, ...this.#list(field, target)]
    if (field.fieldKind === 'map') return [...first, ...this.#map(field, target)]
    const set = oneof === undefined ? `${target} = e` : memberOf(oneof, localName)
    const once = oneof === undefined ? [] : this.#once(oneof)
    const read = this.#value(field, set, 'break')
    // Null leaves a field unset, but protobuf-es takes it for a member of a oneof unless it is a scalar.
    const nullCheck = takesNull(field) ? [] : ['if (v === null) break']
    return field.scalar === undefined
      ? [...first, ...once, ...nullCheck, ...read]
      : [...first, ...nullCheck, ...once, ...read]
  }

  /** Returns the lines that give up when they run for the second time. */
  #once(item: DescField | DescOneof): string[] {
    const bit = this.#bits.get(item) ?? this.#bits.size
    this.#bits.set(item, bit)
    const seen = `s${Math.floor(bit / SEEN_BITS)}`
    const mask = 1 << (bit % SEEN_BITS)
    return [`if ((${seen} & ${mask}) !== 0) ${GIVE_UP}`, `${seen} |= ${mask}`]
  }

  #list(field: DescField, target: string): string[] {
    return [
      'if (v === null) break',
      `if (!Array.isArray(v)) ${GIVE_UP}`,
      `const list = ${target}`,
      'const a = v',
      'for (let i = 0; i < a.length; i++) {',
      'const v = a[i]',
      ...(takesNull(field) ? [] : [`if (v === null) ${GIVE_UP}`]),
      ...this.#value(field, 'list.push(e)', 'continue'),
      '}',
    ]
  }

  #map(field: DescField & { readonly fieldKind: 'map' }, target: string): string[] {
    const set = `${this.#source.bind(setOwn)}(map, k, e)`
    return [
      'if (v === null) break',
      `if (typeof v !== 'object' || Array.isArray(v)) ${GIVE_UP}`,
      `const map = ${target}`,
      'const a = v',
      'for (const k in a) {',
      'n++',
      `if (!${this.#source.bind(keyCheck(field.mapKey))}(k)) ${GIVE_UP}`,
      'const v = a[k]',
      ...(takesNull(field) ? [] : [`if (v === null) ${GIVE_UP}`]),
      ...this.#value(field, set, 'continue'),
      '}',
    ]
  }

  /** Returns the lines that read `v` as `e` and set it. @param skip the statement for a value that is ignored */
  #value(field: DescField, set: string, skip: string): string[] {
    if (field.enum !== undefined) return this.#enum(field.enum, set, skip)
    const isMapValue = field.fieldKind === 'map'
    if (field.message === undefined) {
      const isText = !isMapValue && 'longAsString' in field && field.longAsString === true
      return this.#checked(scalarRead(field.scalar, isText, this.#source), set)
    }
    if (isJson(field)) return this.#checked(`${this.#source.bind(readJsonObject)}(v, left - 1, progress)`, set)
    if (isUnwrapped(field)) {
      const scalar = scalarRead(field.message.fields[0]?.scalar, false, this.#source)
      return [`if (left < 2) ${GIVE_UP}`, ...this.#checked(scalar, set)]
    }
    return this.#checked(`${this.#source.bind(this.#context.of(field.message))}.read(v, left - 1, progress)`, set)
  }

  #checked(value: string, set: string): string[] {
    return [`const e = ${value}`, `if (e === undefined) ${GIVE_UP}`, set]
  }

  #enum(desc: DescEnum, set: string, skip: string): string[] {
    const read: ReadEnum = enumReader(desc, this.#context.ignoresUnknown)
    const value = `${this.#source.bind(read)}(v)`
    const zero = desc.values[0]?.number
    const isNull = desc.typeName === 'google.protobuf.NullValue'
    return [
      `const e = ${isNull ? `v === null ? ${zero} : ${value}` : value}`,
      `if (e === undefined) ${GIVE_UP}`,
      `if (e === null) ${skip}`,
      set,
    ]
  }
}

/** Returns the expression that reads the scalar `v`. @param isText whether messages keep a 64-bit integer as a string */
function scalarRead(scalar: ScalarType | undefined, isText: boolean, source: FunctionSource): string {
  const call = (read: unknown) => `${source.bind(read)}(v)`
  switch (scalar) {
    case ScalarType.STRING:
      return "typeof v === 'string' && v.isWellFormed() ? v : undefined"
    case ScalarType.BOOL:
      return "typeof v === 'boolean' ? v : undefined"
    case ScalarType.BYTES:
      return call(readBytes)
    case ScalarType.DOUBLE:
      return call(readDouble)
    case ScalarType.FLOAT:
      return call(readFloat)
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return `v === (v | 0) ? v : ${call(readInt32)}`
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return `v === v >>> 0 ? v : ${call(readUint32)}`
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return call(isText ? readUint64Text : readUint64)
    default:
      return call(isText ? readInt64Text : readInt64)
  }
}

function memberOf(oneof: DescOneof, localName: string): string {
  return `${propertyOf('m', oneof.localName)} = { case: ${literal(localName)}, value: e }`
}

/** Whether null is a value. */
function takesNull(field: DescField): boolean {
  return field.message?.typeName === 'google.protobuf.Value' || field.enum?.typeName === 'google.protobuf.NullValue'
}

function keyCheck(key: ScalarType): (key: string) => boolean {
  switch (key) {
    case ScalarType.STRING:
      return isStringKey
    case ScalarType.BOOL:
      return isBooleanKey
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return isInt32Key
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return isUint32Key
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return isUint64Key
    default:
      return isInt64Key
  }
}
