/** Random values of fields: as the text of a path or a query, and as JSON. */
import { type DescEnum, type DescField, type DescMessage, type JsonValue, ScalarType } from '@bufbuild/protobuf'
import type { SeededRandom } from '../../support/seeded-random.ts'

/** What a field holds, once or repeatedly: a scalar, an enum or a message. */
export type Element = ScalarType | DescEnum | DescMessage

/** Messages that paths and queries can hold, and how their text is made. */
const TEXT_MESSAGES: Readonly<Record<string, (random: SeededRandom) => string>> = {
  'google.protobuf.Timestamp': timestamp,
  'google.protobuf.Duration': duration,
  'google.protobuf.FieldMask': (random) => random.pick(['name', 'name,other', 'a.b', 'display_name', 'displayName']),
  'google.protobuf.DoubleValue': (random) => scalarText(ScalarType.DOUBLE, random),
  'google.protobuf.FloatValue': (random) => scalarText(ScalarType.FLOAT, random),
  'google.protobuf.Int64Value': (random) => scalarText(ScalarType.INT64, random),
  'google.protobuf.UInt64Value': (random) => scalarText(ScalarType.UINT64, random),
  'google.protobuf.Int32Value': (random) => scalarText(ScalarType.INT32, random),
  'google.protobuf.UInt32Value': (random) => scalarText(ScalarType.UINT32, random),
  'google.protobuf.BoolValue': (random) => scalarText(ScalarType.BOOL, random),
  'google.protobuf.StringValue': (random) => scalarText(ScalarType.STRING, random),
  'google.protobuf.BytesValue': (random) => scalarText(ScalarType.BYTES, random),
}

const WRAPPED_SCALARS: Readonly<Record<string, ScalarType>> = {
  'google.protobuf.DoubleValue': ScalarType.DOUBLE,
  'google.protobuf.FloatValue': ScalarType.FLOAT,
  'google.protobuf.Int64Value': ScalarType.INT64,
  'google.protobuf.UInt64Value': ScalarType.UINT64,
  'google.protobuf.Int32Value': ScalarType.INT32,
  'google.protobuf.UInt32Value': ScalarType.UINT32,
  'google.protobuf.BoolValue': ScalarType.BOOL,
  'google.protobuf.StringValue': ScalarType.STRING,
  'google.protobuf.BytesValue': ScalarType.BYTES,
}

/** Returns what the field holds, if a path or a query can hold it. */
export function textElementOf(field: DescField | null): Element | undefined {
  if (field === null || field.fieldKind === 'map') return undefined
  if (field.message !== undefined) return field.message.typeName in TEXT_MESSAGES ? field.message : undefined
  return field.enum ?? field.scalar
}

/** Returns the text of a valid value, before percent-encoding. */
export function textOf(element: Element, random: SeededRandom): string {
  if (typeof element === 'number') return scalarText(element, random)
  if (element.kind === 'message') return TEXT_MESSAGES[element.typeName]?.(random) ?? '{}'
  const value = random.pick(element.values)
  return random.below(4) === 0 ? String(value.number) : value.name
}

/** Returns text that is no valid value, or one that only some readers accept. */
export function oddTextOf(element: Element, random: SeededRandom): string {
  if (typeof element !== 'number') {
    if (element.kind === 'enum')
      return random.pick([element.values[0]?.name.toLowerCase() ?? '', '77', 'NO_SUCH', '1.0'])
    const scalar = WRAPPED_SCALARS[element.typeName]
    return scalar === undefined
      ? random.pick(['soon', '1s1', '2024-13-01T00:00:00Z', '"3s"'])
      : oddTextOf(scalar, random)
  }
  switch (element) {
    case ScalarType.STRING:
      return random.pick(['"quoted"', 'null', '\u0000', '\ud83d\ude00'])
    case ScalarType.BYTES:
      return random.pick(['*', 'A', 'AA=A', '_-8', 'AAE', 'A A='])
    case ScalarType.BOOL:
      return random.pick(['1', '0', 'TRUE', 't', 'yes', 'False'])
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return random.pick(['1e400', '1e39', 'nan', 'inf', '0x1', '1,5', '.5', '5.', '+1', '1e'])
    default:
      return random.pick([
        '1.0',
        '1e2',
        '0x10',
        '01',
        '+1',
        '-0',
        '99999999999999999999',
        '-99999999999',
        '1_000',
        'one',
      ])
  }
}

/** Returns the JSON of a valid value, no deeper than this. */
export function jsonOf(element: Element, random: SeededRandom, depth: number): JsonValue {
  if (typeof element === 'number') return scalarJson(element, random)
  if (element.kind === 'enum') {
    const value = random.pick(element.values)
    return random.below(4) === 0 ? value.number : value.name
  }
  return wellKnownJson(element, random, depth) ?? objectOf(element, random, depth)
}

/** Returns an object with some of the fields of the message, under either name. */
export function objectOf(message: DescMessage, random: SeededRandom, depth: number): { [key: string]: JsonValue } {
  const object: { [key: string]: JsonValue } = {}
  const oneofs = new Set<string>()
  const chance = Math.min(1, 4 / (message.fields.length + 1))
  for (const field of message.fields) {
    if (random.next() > chance || (depth <= 0 && field.message !== undefined)) continue
    if (field.oneof !== undefined) {
      if (oneofs.has(field.oneof.name)) continue
      oneofs.add(field.oneof.name)
    }
    object[random.below(4) === 0 ? field.name : field.jsonName] = fieldJson(field, random, depth)
  }
  return object
}

/** Returns the JSON of a field: a list and a map have up to three entries. */
export function fieldJson(field: DescField, random: SeededRandom, depth: number): JsonValue {
  const item = () => jsonOf(field.enum ?? field.message ?? field.scalar ?? ScalarType.STRING, random, depth - 1)
  if (field.fieldKind === 'list') return Array.from({ length: random.below(4) }, item)
  if (field.fieldKind !== 'map') return item()
  return Object.fromEntries(
    Array.from({ length: random.below(4) }, () => [scalarText(field.mapKey, random), item()] as const),
  )
}

function wellKnownJson(message: DescMessage, random: SeededRandom, depth: number): JsonValue | undefined {
  const scalar = WRAPPED_SCALARS[message.typeName]
  if (scalar !== undefined) return scalarJson(scalar, random)
  switch (message.typeName) {
    case 'google.protobuf.FieldMask':
      return random.pick(['', 'name', 'name,other', 'a.b', 'displayName'])
    case 'google.protobuf.Struct':
      return anyObject(random, depth)
    case 'google.protobuf.ListValue':
      return Array.from({ length: random.below(3) }, () => anyJson(random, depth - 1))
    case 'google.protobuf.Value':
      return anyJson(random, depth)
    case 'google.protobuf.Any':
      return { '@type': 'type.googleapis.com/google.protobuf.Duration', value: duration(random) }
    default:
      return TEXT_MESSAGES[message.typeName]?.(random)
  }
}

function anyObject(random: SeededRandom, depth: number): { [key: string]: JsonValue } {
  return Object.fromEntries(Array.from({ length: random.below(3) }, () => [random.word(3), anyJson(random, depth - 1)]))
}

function anyJson(random: SeededRandom, depth: number): JsonValue {
  const kind = random.below(depth > 0 ? 6 : 4)
  if (kind === 0) return null
  if (kind === 1) return random.below(2) === 0
  if (kind === 2) return random.below(2_000) / 8 - 100
  if (kind === 3) return words(random)
  if (kind === 4) return Array.from({ length: random.below(3) }, () => anyJson(random, depth - 1))
  return anyObject(random, depth)
}

function scalarJson(scalar: ScalarType, random: SeededRandom): JsonValue {
  const text = scalarText(scalar, random)
  if (scalar === ScalarType.BOOL) return text === 'true'
  if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES) return text
  const number = Number(text)
  // A number in quotes is as valid; what a double cannot hold has to be in quotes.
  return Number.isFinite(number) && String(number) === text && random.below(3) > 0 ? number : text
}

function scalarText(scalar: ScalarType, random: SeededRandom): string {
  switch (scalar) {
    case ScalarType.STRING:
      return words(random)
    case ScalarType.BYTES:
      return random.bytes(random.below(9)).toString('base64')
    case ScalarType.BOOL:
      return random.pick(['true', 'false'])
    case ScalarType.DOUBLE:
      return random.pick([
        '0',
        '1.5',
        '-2.25',
        '1e10',
        '-1.5e-7',
        '1.7976931348623157e+308',
        'NaN',
        'Infinity',
        '-Infinity',
      ])
    case ScalarType.FLOAT:
      return random.pick(['0', '1.5', '-2.25', '1e10', '0.125', '16777216', 'NaN', 'Infinity', '-Infinity'])
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return random.pick(['0', '1', '-1', '42', '9007199254740993', '9223372036854775807', '-9223372036854775808'])
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return random.pick(['0', '1', '42', '9007199254740993', '18446744073709551615'])
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return random.pick(['0', '1', '42', '4294967295'])
    default:
      return random.pick(['0', '1', '-1', '42', '2147483647', '-2147483648'])
  }
}

const SPECIALS = [
  ' ',
  '%',
  '+',
  '&',
  '=',
  '#',
  '?',
  '~',
  '.',
  '-',
  '_',
  '!',
  "'",
  '(',
  ')',
  '*',
  ',',
  ';',
  '@',
  '$',
  '[',
  ']',
  'é',
  '漢',
  '"',
]

function words(random: SeededRandom): string {
  const word = random.word(1 + random.below(6))
  return random.below(3) > 0 ? word : `${word}${random.pick(SPECIALS)}${random.word(random.below(3))}`
}

function timestamp(random: SeededRandom): string {
  return random.pick([
    '2024-02-29T12:34:56Z',
    '1970-01-01T00:00:00Z',
    '2001-09-09T01:46:40.123456789Z',
    '1960-01-01T00:00:00.5Z',
    '2024-02-29T12:34:56+02:00',
    '9999-12-31T23:59:59Z',
  ])
}

function duration(random: SeededRandom): string {
  return random.pick(['0s', '1s', '3.5s', '-1.25s', '0.000000001s', '315576000000s'])
}
