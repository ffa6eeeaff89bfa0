/** Generates the code that reads the messages of one type: a loop over a switch of the tags that the type expects. */
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { messageCostsOf } from '../../decode-budget/message-costs.ts'
import { WireType, wireTypeOf } from '../../decode-budget/wire-type.ts'
import { FunctionSource, literal, ownPropertyOf, propertyOf } from '../function-source.ts'
import { checkDepth, checkGroupEnd, otherFields } from './closure-reader.ts'
import { chargeOf, closeFrame, openFrame } from './decode-meter.ts'
import { emitEntryReader } from './emit-entry-reader.ts'
import { bindReader, childCode, contentCode, type ReaderNames, scalarCode, tagCode } from './emit-value.ts'
import { keepEnumValue } from './field-reader.ts'
import type { MessageField } from './message-value.ts'
import { truncated } from './octet-reader.ts'
import { isPackable } from './scalar-reader.ts'
import type { FindReader, ReadMessage } from './type-reader.ts'

/** Compiles the function that reads the fields of a type. */
export function emitReader(desc: DescMessage, find: FindReader): ReadMessage {
  return new ReaderEmitter(desc, find).compile()
}

/**
 * The variables of the code: `m` the message, `b` the octets, `p` the position in them, `d` the depth; `n` a number or length, `q` the end
 * of a field's content, `u` the unknown fields.
 */
class ReaderEmitter {
  readonly #desc: DescMessage
  readonly #find: FindReader
  readonly #source = new FunctionSource()
  readonly #names: ReaderNames

  constructor(desc: DescMessage, find: FindReader) {
    this.#desc = desc
    this.#find = find
    this.#names = bindReader(this.#source)
  }

  compile(): ReadMessage {
    const { reader } = this.#names
    this.#source.add(
      `if (d > ${reader}.recursionLimit) ${this.#bind(checkDepth)}(d)`,
      `const limit = ${reader}.limit`,
      ...this.#charge(openFrame, `${this.#bind(messageCostsOf(this.#desc))}, d`),
      'let n = 0, q = 0, u = m.$unknown',
      'while (p < end) {',
      ...tagCode(this.#names),
      'switch (tag) {',
      ...this.#desc.fields.flatMap((field) => this.#field(field)),
      ...this.#otherwise(),
      '}',
      '}',
      `if (group !== 0) ${this.#bind(truncated)}()`,
      ...this.#finish(),
    )
    return this.#source.compile<ReadMessage>('m, b, p, end, d, group', `read_${this.#desc.typeName}`)
  }

  #bind(value: unknown): string {
    return this.#source.bind(value)
  }

  #charge(charge: unknown, input: string): string[] {
    return this.#find.charges ? [`${this.#bind(charge)}(${input})`] : []
  }

  #finish(): string[] {
    return ['if (u !== undefined) m.$unknown = u', ...this.#charge(closeFrame, 'd'), 'return p']
  }

  /** The end of a group, unknown fields, and known ones with another wire type. */
  #otherwise(): string[] {
    const readOther = this.#bind(otherFields(this.#desc, this.#find))
    return [
      'default:',
      `if (group !== 0 && (tag & 7) === ${WireType.END_GROUP}) {`,
      `${this.#bind(checkGroupEnd)}(tag, group)`,
      ...this.#finish(),
      '}',
      `u = ${readOther}(m, b, p, tag, d, u)`,
      `p = ${this.#names.reader}.position`,
    ]
  }

  #field(field: DescField): string[] {
    switch (field.fieldKind) {
      case 'list':
        return this.#list(field)
      case 'map':
        return this.#map(field)
      case 'message':
        return field.oneof === undefined ? this.#message(field) : this.#messageCase(field)
      default:
        return this.#scalar(field)
    }
  }

  #scalar(field: DescField & { readonly fieldKind: 'scalar' | 'enum' }): string[] {
    const { before, value, after } = scalarCode(field, field, this.#source)
    const lines = [...before, this.#assign(field, value), ...after]
    if (field.fieldKind === 'scalar' || field.enum.open) return this.#case(field, wireTypeOf(field.scalar), lines)
    const values = this.#bind(new Set(field.enum.values.map(({ number }) => number)))
    const keep = `${this.#bind(keepEnumValue)}(m, { no: ${field.number}, wireType: ${WireType.VARINT}, value: ${value}, depth: d })`
    return this.#case(field, WireType.VARINT, [
      ...before,
      `if (${values}.has(${value})) ${this.#assign(field, value)}`,
      `else ${keep}`,
      ...after,
    ])
  }

  #assign({ localName, oneof }: DescField, value: string): string {
    if (oneof === undefined) return `${propertyOf('m', localName)} = ${value}`
    return `${propertyOf('m', oneof.localName)} = { case: ${literal(localName)}, value: ${value} }`
  }

  #message(field: DescField & MessageField): string[] {
    const { localName } = field
    const { wireType, open, read, close } = childCode(field, this.#source, this.#find)
    return this.#case(field, wireType, [
      `let v = ${ownPropertyOf('m', localName)}`,
      ...open,
      ...read,
      `${propertyOf('m', localName)} = ${close}`,
    ])
  }

  #messageCase(field: DescField & MessageField): string[] {
    const oneof = propertyOf('m', field.oneof?.localName ?? '')
    const { wireType, open, read, close } = childCode(field, this.#source, this.#find)
    return this.#case(field, wireType, [
      `const o = ${oneof}`,
      `let v = o.case === ${literal(field.localName)} ? o.value : undefined`,
      ...open,
      ...read,
      this.#assign(field, close),
    ])
  }

  #list(field: DescField & { readonly fieldKind: 'list' }): string[] {
    const items = propertyOf('m', field.localName)
    if (field.listKind === 'message') {
      const { wireType, open, read, close } = childCode(field, this.#source, this.#find)
      return this.#case(field, wireType, ['let v', ...open, ...read, `${items}.push(${close})`])
    }
    const { before, value, after } = scalarCode(field, field, this.#source)
    const single = this.#case(field, wireTypeOf(field.scalar), [...before, `${items}.push(${value})`, ...after])
    if (!isPackable(field)) return single
    const push = [...before, `items.push(${value})`, ...after]
    const packed = [...contentCode(this.#names), `const items = ${items}`, 'while (p < q) {', ...push, '}']
    return [...single, ...this.#case(field, WireType.LENGTH, packed)]
  }

  #map(field: DescField & { readonly fieldKind: 'map' }): string[] {
    const readEntry = this.#bind(emitEntryReader(field, this.#find))
    const map = propertyOf('m', field.localName)
    return this.#case(field, WireType.LENGTH, [...contentCode(this.#names), `p = ${readEntry}(${map}, b, p, q, d)`])
  }

  #case(field: DescField, wireType: number, lines: readonly string[]): string[] {
    const start = `case ${(field.number << 3) | wireType}: {`
    if (!this.#find.charges) return [start, ...lines, 'break', '}']
    const { before, after } = chargeOf(field)
    const charged = [...this.#charge(before, 'b, p, tag, d'), ...lines]
    if (after !== null) charged.push(...this.#charge(after, 'd'))
    return [start, ...charged, 'break', '}']
  }
}
