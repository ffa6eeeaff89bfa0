/**
 * Generates the function that writes the fields of a message type.
 *
 * The code checks for space only where it has to: each function may pass the limit by a part of the slack, and a check comes before that part is used
 * up. `b` is the current buffer; it is read again after each call that may have replaced it.
 */
import { type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { WireType } from '../../decode-budget/wire-type.ts'
import { FunctionSource, literal, propertyOf } from '../function-source.ts'
import { type FieldPlan, isVariableSize, minimumSize, startTag, tagOctets, type ValuePlan } from './encode-plan.ts'
import { implicitCondition } from './implicit-presence.ts'
import { grow, output, SLACK_BYTES } from './output.ts'
import {
  closeMessage,
  type FieldsWriter,
  mapKeyWriter,
  refuseForeign,
  refuseUnset,
  type TypeEncoder,
  wrapperWidth,
  writeUnknown,
} from './write-parts.ts'
import { closeLength, scalarWriters, varintSize } from './write-scalar.ts'
import { writeStruct } from './write-struct.ts'

/** What the code of a type depends on beside its fields. */
export interface EncoderContext {
  readonly typeName: string
  /** Whether unknown fields are written. */
  readonly writesUnknown: boolean
  /** Returns the encoder of another type, which may not have been compiled yet. */
  readonly find: (desc: DescMessage) => TypeEncoder
}

/** The octets after the limit that are in use on entry, after a group, or after an entry of a map. */
const ENTRY_BYTES = 64
/** The octets that a short value takes with its tag, at most. */
const VALUE_BYTES = 64
const MAX_RUN_BYTES = SLACK_BYTES - VALUE_BYTES
const NUMBER_BYTES = 10

/** Generates the function of a type. */
export function generateWriter(fields: readonly FieldPlan[], context: EncoderContext): FieldsWriter {
  return new EncoderSource(context).compile(fields)
}

class EncoderSource {
  readonly #source = new FunctionSource()
  readonly #context: EncoderContext
  readonly #output = this.#source.bind(output)
  /** The octets after the limit that the code may have used up to here. */
  #run = ENTRY_BYTES

  constructor(context: EncoderContext) {
    this.#context = context
  }

  compile(fields: readonly FieldPlan[]): FieldsWriter {
    const { typeName, writesUnknown } = this.#context
    const isForeign = `m.$typeName !== ${literal(typeName)}`
    const refuse = `${this.#source.bind(refuseForeign)}(m, ${literal(typeName)})`
    // protobuf-es accepts any message where it has no fields to write.
    this.#source.add(fields.length > 0 ? `if (${isForeign}) ${refuse}` : 'm.$typeName')
    this.#source.add(`let b = ${this.#output}.buffer, v, o, c, keys, at, w, e, ew`)
    let group = ''
    for (const field of fields) {
      const next = field.presence.kind === 'oneof' ? field.presence.group : ''
      this.#source.add(...this.#reserve(field.value), ...this.#field(field, next !== '' && next === group))
      group = next
    }
    if (writesUnknown) {
      const write = this.#source.bind(writeUnknown)
      this.#source.add('v = m.$unknown', `if (v !== undefined) p = ${write}(p, v)`)
    }
    this.#source.add(`return p <= ${this.#output}.limit ? p : ${this.#source.bind(grow)}(p)`)
    return this.#source.compile<FieldsWriter>('m, p', `encode_${typeName}`)
  }

  #field(field: FieldPlan, isSameGroup: boolean): string[] {
    const { presence, label } = field
    const read = `v = ${propertyOf('m', field.name)}`
    switch (presence.kind) {
      case 'implicit':
        return [read, `if (${implicitCondition(field, 'v')}) {`, ...this.#value(field, 'v'), '}']
      case 'explicit':
      case 'required': {
        const refuse = `else ${this.#source.bind(refuseUnset)}(${literal(label)})`
        const isSet = `v !== undefined && ${this.#source.bind(Object.prototype.hasOwnProperty)}.call(m, ${literal(field.name)})`
        const otherwise = presence.kind === 'required' ? [refuse] : []
        return [read, `if (${isSet}) {`, ...this.#value(field, 'v'), '}', ...otherwise]
      }
      case 'oneof': {
        const open = isSameGroup ? [] : [`o = ${propertyOf('m', presence.group)}`, 'c = o.case']
        const body = this.#value(field, 'v')
        return [...open, `if (c === ${literal(field.name)}) {`, `v = o.value`, ...body, '}']
      }
      case 'list':
        return [
          read,
          'for (let i = 0; i < v.length; i++) {',
          this.#check(),
          'o = v[i]',
          ...this.#value(field, 'o'),
          '}',
        ]
      case 'packed':
        return [read, ...this.#packed(field)]
      case 'map':
        return [read, 'keys = Object.keys(v)', ...this.#map(field, presence.key)]
    }
  }

  /** Checks for space before a field whose number could end after the slack. */
  #reserve(value: ValuePlan): string[] {
    if (value.kind !== 'scalar' || isVariableSize(value.type)) return []
    const bytes = NUMBER_BYTES + 5
    this.#run += bytes
    if (this.#run <= MAX_RUN_BYTES) return []
    this.#run = ENTRY_BYTES + bytes
    return [this.#check()]
  }

  #check(): string {
    return `if (p > ${this.#output}.limit) { ${this.#source.bind(grow)}(p); ${this.#reload()} }`
  }

  #reload(): string {
    return `b = ${this.#output}.buffer`
  }

  /** Writes the tag and the value of an expression. */
  #value({ number, value, label }: Pick<FieldPlan, 'number' | 'value' | 'label'>, expression: string): string[] {
    const tag = startTag(number, value)
    const after = `p + ${tag.length}`
    const start = tag.map((octet, index) => `b[p + ${index}] = ${octet}`)
    switch (value.kind) {
      case 'scalar':
        return [...start, ...this.#scalar(value.type, { after, expression, label })]
      case 'message': {
        const encoder = this.#source.bind(this.#context.find(value.desc))
        const fields = (at: string) => [`p = ${encoder}.write(${expression}, ${at})`, this.#reload()]
        const zero = `if (${expression} === undefined) ${expression} = ${encoder}.zero`
        return [zero, this.#check(), ...start, ...this.#enclose(number, value, { after, encoder, fields })]
      }
      case 'struct': {
        const encoder = this.#source.bind(this.#context.find(value.desc))
        const write = this.#source.bind(writeStruct)
        const fields = (at: string) => [`p = ${write}(${at}, ${expression})`, this.#reload()]
        return [this.#check(), ...start, ...this.#enclose(number, value, { after, encoder, fields })]
      }
      case 'wrapped':
        return [this.#check(), ...start, ...this.#wrapped(number, value, { after, expression })]
    }
  }

  #scalar(type: ScalarType, at: { after: string; expression: string; label: string }): string[] {
    if (type === ScalarType.BOOL) return [`b[${at.after}] = ${at.expression} ? 1 : 0`, `p = ${at.after} + 1`]
    const write = this.#source.bind(scalarWriters[type])
    if (type === ScalarType.STRING) return [`p = ${write}(${at.after}, ${at.expression})`, this.#reload()]
    const line = `p = ${write}(${at.after}, ${at.expression}, ${literal(at.label)})`
    return isVariableSize(type) ? [line, this.#reload()] : [line]
  }

  /** Writes fields after their length, or before the end tag of a group. */
  #enclose(
    number: number,
    value: { readonly isGroup: boolean },
    { after, encoder, fields }: { after: string; encoder: string; fields: (at: string) => string[] },
  ): string[] {
    if (value.isGroup) return [...fields(after), ...endGroup(number)]
    const close = `p = ${this.#source.bind(closeMessage)}(${encoder}, at, w, p); ${this.#reload()}`
    return [
      `at = ${after}`,
      `w = ${encoder}.width`,
      ...fields('at + w'),
      `if (w === 1 && p - at < 129) b[at] = p - at - 1`,
      `else { ${close} }`,
    ]
  }

  #wrapped(
    number: number,
    { inner, isGroup }: ValuePlan & { readonly kind: 'wrapped' },
    { after, expression }: { after: string; expression: string },
  ): string[] {
    const body = [`if (${implicitCondition(inner, expression)}) {`, ...this.#value(inner, expression), '}']
    if (isGroup) return [`p = ${after}`, ...body, ...endGroup(number)]
    const width = `${this.#source.bind(wrapperWidth)}(${expression})`
    return [`at = ${after}`, `w = ${width}`, 'p = at + w', ...body, ...this.#close('at', 'w')]
  }

  #close(at: string, width: string): string[] {
    const close = `p = ${this.#source.bind(closeLength)}(${at}, ${width}, p); ${this.#reload()}`
    return [`if (${width} === 1 && p - ${at} < 129) b[${at}] = p - ${at} - 1`, `else { ${close} }`]
  }

  #packed({ number, value, label }: FieldPlan): string[] {
    const type = value.kind === 'scalar' ? value.type : ScalarType.INT32
    const tag = tagOctets(number, WireType.LENGTH)
    return [
      // Loosely, as protobuf-es compares: an object without a length is an empty list with a tag.
      'if (v.length != 0) {',
      ...tag.map((octet, index) => `b[p + ${index}] = ${octet}`),
      `at = p + ${tag.length}`,
      `w = ${this.#source.bind(varintSize)}(v.length * ${minimumSize(type)} || 0)`,
      'p = at + w',
      'for (let i = 0; i < v.length; i++) {',
      ...this.#scalar(type, { after: 'p', expression: 'v[i]', label }),
      this.#check(),
      '}',
      ...this.#close('at', 'w'),
      '}',
    ]
  }

  #map({ number, value, label }: FieldPlan, key: ScalarType): string[] {
    const tag = tagOctets(number, WireType.LENGTH)
    const [keyTag] = startTag(1, { kind: 'scalar', type: key })
    const width = value.kind === 'message' ? `${this.#source.bind(this.#context.find(value.desc))}.width` : '1'
    return [
      'for (let i = 0; i < keys.length; i++) {',
      this.#check(),
      ...tag.map((octet, index) => `b[p + ${index}] = ${octet}`),
      `e = p + ${tag.length}`,
      `ew = ${width}`,
      'p = e + ew',
      `b[p] = ${keyTag}`,
      `p = ${this.#source.bind(mapKeyWriter(key))}(p + 1, keys[i], ${literal(label)})`,
      this.#reload(),
      'o = v[keys[i]]',
      ...this.#value({ number: 2, value, label }, 'o'),
      ...this.#close('e', 'ew'),
      '}',
    ]
  }
}

function endGroup(number: number): string[] {
  const tag = tagOctets(number, WireType.END_GROUP)
  return [...tag.map((octet, index) => `b[p + ${index}] = ${octet}`), `p += ${tag.length}`]
}
