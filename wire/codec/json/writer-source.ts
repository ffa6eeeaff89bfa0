/** Compiles a message type to the function that writes its JSON. */
import {
  type DescField,
  type DescMessage,
  type DescOneof,
  type JsonWriteOptions,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf'
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt'
import { FunctionSource, literal, propertyOf } from '../function-source.ts'
import { quote } from './quote.ts'
import { type ValueCode, type ValueContext, valueCode } from './writer-values.ts'

/** Writes messages of one type. */
export interface MessageJsonWriter {
  /**
   * Returns the text of a message, as `toJsonString` does.
   *
   * @throws Error where `toJsonString` throws, for values that do not fit their fields
   */
  write(message: Message): string
}

/** What the functions of all types for the same options share. */
export interface WriterContext {
  readonly options: Readonly<Partial<JsonWriteOptions>>
  /** Whether fields that are not set are written as null, after all others. */
  readonly emitsUnpopulated: boolean
  /** Returns the writer of the messages in a field. */
  of(desc: DescMessage): MessageJsonWriter
  /** Writes a message with unusual values, or throws an error that says what is wrong with it. */
  reflect(desc: DescMessage, message: Message): string
}

/** A property of an object with such a name comes before all others, whenever it is added. */
const INDEX = /^\d+$/

const isOwn = Object.prototype.hasOwnProperty

/**
 * Returns the function of a type. It gives messages with values of wrong types, or with unknown fields that may be extensions, to
 * `context.reflect`. Returns null for types whose keys are not written in the order of their fields.
 */
export function compileWriter(desc: DescMessage, context: WriterContext): ((message: Message) => string) | null {
  const keys = desc.fields.map((field) => keyOf(field, context.options))
  if (new Set(keys).size < keys.length || keys.some((key) => INDEX.test(key))) return null
  return new WriterSource(context, (message) => context.reflect(desc, message)).compileMessage(desc)
}

/** Returns the function that writes the value of one field of a message; null for a field that is not set. */
export function compileFieldWriter(field: DescField, context: WriterContext, reflect: WriteField): WriteField {
  return new WriterSource(context, reflect).compileField(field)
}

/** Returns the text of the value of a field; null if the field is not set. */
export type WriteField = (message: Message) => string | null

/** Returns the key of a field. */
export function keyOf(field: DescField, { useProtoFieldName }: Partial<JsonWriteOptions>): string {
  return useProtoFieldName ? field.name : field.jsonName
}

class WriterSource {
  readonly #context: WriterContext
  readonly #source = new FunctionSource()
  readonly #values: ValueContext
  /** The statement that leaves the message to protobuf-es. */
  readonly #giveUp: string
  /** The constants that hold oneofs. */
  readonly #oneofs = new Map<DescOneof, string>()
  /** What is before the next key: no other key, some key, or either. Null for a value without a key. */
  #before: 'none' | 'some' | 'either' | null = 'none'

  constructor(context: WriterContext, reflect: WriteField) {
    const source = this.#source
    this.#context = context
    this.#giveUp = `return ${source.bind(reflect)}(m)`
    const writerOf = (child: DescMessage) => source.bind(context.of(child))
    this.#values = { source, enumAsInteger: Boolean(context.options.enumAsInteger), writerOf }
  }

  compileMessage({ fields, typeName }: DescMessage): (message: Message) => string {
    const source = this.#source
    source.add(`if (m.$typeName !== ${literal(typeName)}) ${this.#giveUp}`)
    if (this.#context.options.registry) source.add(`if (m.$unknown !== undefined) ${this.#giveUp}`)
    source.add("let t = '{'")
    for (const field of [...fields].sort((a, b) => a.number - b.number)) this.#field(field)
    if (this.#context.emitsUnpopulated && !typeName.startsWith('google.protobuf.')) this.#addUnpopulated(fields)
    source.add("return t + '}'")
    return source.compile('m', `write ${typeName}`)
  }

  compileField(field: DescField): WriteField {
    const source = this.#source
    this.#before = null
    source.add(`if (m.$typeName !== ${literal(field.parent.typeName)}) ${this.#giveUp}`, "let t = ''")
    this.#field(field)
    source.add("return t === '' ? null : t")
    return source.compile('m', `write ${field.parent.typeName}.${field.name}`)
  }

  #field(field: DescField): void {
    const { localName, oneof } = field
    if (oneof !== undefined) {
      const group = this.#oneof(oneof)
      this.#addIf(`${group}.case === ${literal(localName)}`, [`const v = ${group}.value`, ...this.#single(field)])
      return
    }
    this.#source.add('{', `const v = ${propertyOf('m', localName)}`)
    if (field.fieldKind === 'list') this.#list(field)
    else if (field.fieldKind === 'map') this.#map(field)
    else this.#addIf(this.#isPresent(field), this.#single(field))
    this.#source.add('}')
  }

  /** Adds code that writes a field under a condition. @param condition null to write it always */
  #addIf(condition: string | null, lines: readonly string[]): void {
    if (condition !== null) this.#source.add(`if (${condition})`)
    this.#source.add('{', ...lines, '}')
    if (this.#before === null) return
    if (condition === null) this.#before = 'some'
    else if (this.#before === 'none') this.#before = 'either'
  }

  /** Returns the lines that append the key and the value `v`. */
  #single(field: DescField): string[] {
    return this.#value(valueCode(field, this.#values), (text) => `t += ${this.#key(field)} + ${text}`)
  }

  /** Returns the lines that write the value `v`, or give up. */
  #value({ isOdd, text, mayFail }: ValueCode, append: (text: string) => string): string[] {
    const check = isOdd === 'false' ? [] : [`if (${isOdd}) ${this.#giveUp}`]
    if (mayFail !== true) return [...check, append(text)]
    return [...check, `const w = ${text}`, `if (w === undefined) ${this.#giveUp}`, append('w')]
  }

  /** Returns the expression of a key with its colon, and the comma in front. */
  #key(field: DescField, end = ''): string {
    if (this.#before === null) return literal(end)
    const key = `${JSON.stringify(keyOf(field, this.#context.options))}:${end}`
    const later = literal(`,${key}`)
    if (this.#before === 'some') return later
    return this.#before === 'none' ? literal(key) : `(t.length === 1 ? ${literal(key)} : ${later})`
  }

  #list(field: DescField): void {
    this.#source.add(`if (!Array.isArray(v)) ${this.#giveUp}`)
    const value = this.#value(valueCode(field, this.#values), (text) => `t += (i === 0 ? '' : ',') + ${text}`)
    this.#addIf(this.#emitsImplicit ? null : 'v.length > 0', [
      `t += ${this.#key(field, '[')}`,
      ...['const a = v', 'for (let i = 0; i < a.length; i++) {', 'const v = a[i]', ...value, '}'],
      "t += ']'",
    ])
  }

  #map(field: DescField): void {
    const key = `(i === 0 ? '' : ',') + ${this.#source.bind(quote)}(k[i]) + ':'`
    const value = this.#value(valueCode(field, this.#values), (text) => `t += ${key} + ${text}`)
    this.#source.add('const k = Object.keys(v)')
    this.#addIf(this.#emitsImplicit ? null : 'k.length > 0', [
      `t += ${this.#key(field, '{')}`,
      ...['const a = v', 'for (let i = 0; i < k.length; i++) {', 'const v = a[k[i]]', ...value, '}'],
      "t += '}'",
    ])
  }

  #oneof(oneof: DescOneof): string {
    const known = this.#oneofs.get(oneof)
    if (known !== undefined) return known
    const name = `o${this.#oneofs.size}`
    this.#oneofs.set(oneof, name)
    this.#source.add(`const ${name} = ${propertyOf('m', oneof.localName)}`)
    return name
  }

  get #emitsImplicit(): boolean {
    return this.#before !== null && Boolean(this.#context.options.alwaysEmitImplicit)
  }

  /** Returns the condition for writing the field with the value `v`; null for none. */
  #isPresent(field: DescField): string | null {
    if (field.presence === Presence.IMPLICIT) return this.#emitsImplicit ? null : isPopulated(field)
    const isSet = this.#isSet(field)
    if (field.presence !== Presence.LEGACY_REQUIRED || this.#before === null) return isSet
    this.#source.add(`if (!(${isSet})) ${this.#giveUp}`)
    return null
  }

  /** The prototypes of messages hold default values. */
  #isSet({ localName }: DescField): string {
    return `v !== undefined && ${this.#source.bind(isOwn)}.call(m, ${literal(localName)})`
  }

  /** Adds what `addUnpopulated` adds. */
  #addUnpopulated(fields: readonly DescField[]): void {
    for (const field of fields) {
      const isOptional = field.oneof !== undefined || field.proto.proto3Optional
      const isWritten = field.presence === Presence.IMPLICIT || field.fieldKind === 'list' || field.fieldKind === 'map'
      if (isOptional || isWritten) continue
      this.#source.add('{', `const v = ${propertyOf('m', field.localName)}`)
      this.#addIf(`!(${this.#isSet(field)})`, [`t += ${this.#key(field, 'null')}`])
      this.#source.add('}')
    }
  }
}

/** Returns the condition for values of fields without presence that are not the default. */
function isPopulated({ enum: desc, scalar }: DescField): string {
  if (desc !== undefined) return `v !== ${desc.values[0]?.number}`
  switch (scalar) {
    case ScalarType.BOOL:
      return 'v !== false'
    case ScalarType.STRING:
      return "v !== ''"
    case ScalarType.BYTES:
      return '!(v instanceof Uint8Array) || v.byteLength > 0'
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      // Negative zero is not the default.
      return '!Object.is(v, 0)'
    default:
      // 0, 0n, '0', and what protobuf-es takes for one of them.
      return 'v != 0'
  }
}
