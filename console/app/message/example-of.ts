/** An example of a message: each field has a value that suits its type and its name. The same message always has the same example. */
import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { keyOf } from './schema/field-keys.ts'
import { isRequired } from './schema/field-presence.ts'
import { type AnyField, integerRange, is64Bit, shapeOf, type ValueShape, wrappedShape } from './schema/value-shape.ts'

/** Messages inside of messages, beyond which examples would hide their point. */
const MAX_DEPTH = 3
/** Messages without their required fields could not be sent. */
const MAX_REQUIRED_DEPTH = 20
/** Some can not be complete: a message that requires itself would have no end. */
const MAX_REQUIRED_VALUES = 2_000
/** Values in all, as some messages have thousands of fields. */
const MAX_VALUES = 300

const WELL_KNOWN: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['google.protobuf.Timestamp', '2026-01-31T09:30:00Z'],
  ['google.protobuf.Duration', '1.5s'],
  ['google.protobuf.FieldMask', ''],
  ['google.protobuf.Struct', { key: 'value' }],
  ['google.protobuf.Value', 'value'],
  ['google.protobuf.ListValue', ['value', 1, true]],
  ['google.protobuf.Any', {}],
])

/** Texts by what the name of a field ends with. */
const TEXTS: readonly (readonly [name: RegExp, text: string])[] = [
  [/e_?mail$/i, 'ada@example.com'],
  [/(?:uuid|guid)$/i, '0b6e2f3a-6f0e-4d38-9a43-6a1c1d2e3f40'],
  [/(?:ur[il]|link|website)$/i, 'https://example.com/'],
  [/(?:host|hostname|domain)$/i, 'example.com'],
  [/(?:phone|phone_?number)$/i, '+1 555 0100'],
  [/country(?:_?code)?$/i, 'GB'],
  [/(?:language|locale|lang)(?:_?code)?$/i, 'en-GB'],
  [/currency(?:_?code)?$/i, 'EUR'],
  [/time_?zone$/i, 'Europe/London'],
  [/city$/i, 'London'],
  [/(?:first|given)_?name$/i, 'Ada'],
  [/(?:last|family)_?name$/i, 'Lovelace'],
  [/(?:name|user|author)$/i, 'Ada'],
  [/(?:title|subject)$/i, 'An example'],
  [/(?:message|text|comment|description|body)$/i, 'Hello'],
  [/(?:^|_)ids?$/i, '1'],
  [/topics?$/i, 'stocks/ACME'],
  [/date$/i, '2026-01-31'],
  [/(?:^|_)ip(?:_?address)?$/i, '192.0.2.1'],
]

const NUMBERS: readonly (readonly [name: RegExp, number: number])[] = [
  [/(?:latitude|lat)$/i, 51.5],
  [/(?:longitude|lng|lon)$/i, -0.13],
  [/(?:page_?size|limit)$/i, 10],
  [/year$/i, 2026],
  [/port$/i, 8080],
  [/(?:percent|percentage)$/i, 50],
  [/(?:price|amount|cost)$/i, 10],
]

/** Returns the JSON of an example. */
export function exampleOf(message: DescMessage): string {
  return JSON.stringify(new ExampleMaker().message(message, 1), null, 2)
}

class ExampleMaker {
  #values = 0

  message(message: DescMessage, depth: number): unknown {
    const wrapped = wrappedShape(message)
    if (wrapped !== undefined) return this.#value(wrapped, message.name, depth)
    if (WELL_KNOWN.has(message.typeName)) return WELL_KNOWN.get(message.typeName)
    const fields = message.members
      .map((member) => (member.kind === 'oneof' ? this.#chosen(member.fields, depth) : member))
      .filter((field) => field !== undefined && this.#isShown(field, depth))
    return Object.fromEntries(
      fields.map((field) => [keyOf(field as DescField), this.#field(field as DescField, depth)]),
    )
  }

  /** Of a oneof, the first field that can have an example. */
  #chosen(fields: readonly DescField[], depth: number): DescField | undefined {
    return fields.find((field) => this.#isShown(field, depth))
  }

  /** Leaves out what is deprecated, and messages beyond the depth. */
  #isShown(field: DescField, depth: number): boolean {
    const isNeeded = isRequired(field) && depth < MAX_REQUIRED_DEPTH && this.#values < MAX_REQUIRED_VALUES
    if (isNeeded) return true
    if (field.deprecated || this.#values > MAX_VALUES) return false
    const shape = shapeOf(field)
    const isPlain = shape.kind !== 'message' || WELL_KNOWN.has(shape.message.typeName)
    return isPlain || depth < MAX_DEPTH
  }

  #field(field: AnyField, depth: number): unknown {
    const value = this.#value(shapeOf(field), field.name.replace(/s$/, ''), depth)
    if (field.fieldKind === 'list') return [value]
    return field.fieldKind === 'map' ? { [exampleKey(field.mapKey)]: value } : value
  }

  #value(shape: ValueShape, name: string, depth: number): unknown {
    this.#values++
    switch (shape.kind) {
      case 'message':
        return this.message(shape.message, depth + 1)
      case 'enum':
        return exampleOfEnum(shape.enum)
      case 'scalar':
        return exampleOfScalar(shape.scalar, name)
    }
  }
}

/** The value zero means that nothing is chosen. */
function exampleOfEnum(desc: DescEnum): unknown {
  const value = desc.values.find((each) => each.number !== 0 && !each.deprecated) ?? desc.values[0]
  return desc.typeName === 'google.protobuf.NullValue' ? null : value?.jsonName
}

function exampleOfScalar(scalar: ScalarType, name: string): unknown {
  switch (scalar) {
    case ScalarType.STRING:
      return TEXTS.find(([pattern]) => pattern.test(name))?.[1] ?? 'text'
    case ScalarType.BYTES:
      return 'aGVsbG8='
    case ScalarType.BOOL:
      return true
    default: {
      const number = NUMBERS.find(([pattern]) => pattern.test(name))?.[1] ?? 1
      const isInteger = integerRange(scalar) !== undefined
      const fitting = isInteger ? Math.trunc(Math.max(0, number)) : number
      return is64Bit(scalar) ? String(fitting) : fitting
    }
  }
}

function exampleKey(scalar: ScalarType): string {
  if (scalar === ScalarType.BOOL) return 'true'
  return scalar === ScalarType.STRING ? 'key' : '1'
}
