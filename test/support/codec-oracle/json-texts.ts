/** JSON of the messages of any type: as protobuf writes it, in its other spellings, and as it may not be. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import type { SeededRandom } from '../seeded-random.ts'

const INTEGERS = [
  '0',
  '1',
  '-1',
  '5',
  '2147483647',
  '-2147483648',
  '4294967295',
  '"12"',
  '"-3"',
  '1.0',
  '1e2',
  '"1e2"',
  '-0',
  '0.5',
]
const LONG_INTEGERS = [
  '9007199254740993',
  '"9223372036854775807"',
  '-9223372036854775808',
  '18446744073709551615',
  '"18446744073709551616"',
  '12345678901234567890.0',
  '1e18',
]
const FLOATS = [
  '0.1',
  '1e400',
  '-1.5',
  '"NaN"',
  '"Infinity"',
  '"-Infinity"',
  '"0.5"',
  '3.5e38',
  '"1.5e3"',
  '1e-50',
  '""',
  '" 1"',
]
const TEXTS = [
  '""',
  '"a"',
  '"caf\u00e9"',
  '"\\u00e9\\n\\"\\\\"',
  '"\\ud83d\\ude00"',
  '"\\ud800"',
  '"\u2028"',
  `"${'x'.repeat(60)}"`,
  '"__proto__"',
]
const OCTETS = ['""', '"AQID"', '"AQI="', '"AQI"', '"-_-_"', '"+/+/"', '"A"', '"AQID!"', '"A QI="']
const TIMES = [
  '"1972-01-01T10:00:20.021Z"',
  '"1970-01-01T00:00:00+01:00"',
  '"10000-01-01T00:00:00Z"',
  '"2020-02-30T00:00:00Z"',
  '"x"',
]
const DURATIONS = ['"1.5s"', '"-0.000000001s"', '"1s"', '"315576000001s"', '"1"', '"+1s"']
const ANYTHING = ['null', 'true', '0', '"x"', '[]', '{}', '[null]', '{"a":1}', '[1,"x",{"b":[]}]']
const KEYS = [
  '""',
  '"a"',
  '"1"',
  '"-1"',
  '"true"',
  '"false"',
  '"__proto__"',
  '"1.5"',
  '"01"',
  '"18446744073709551615"',
  '"\\u0061"',
]
const SPACES = [' ', '\n', '\t', '\r\n  ']
const CUSTOM = 'google.protobuf.'

/** Makes texts for types. */
export class JsonTexts {
  readonly #random: SeededRandom
  readonly #oddOneIn: number

  /** @param oddOneIn the chance of a value that does not fit its field: one in so many */
  constructor(random: SeededRandom, oddOneIn: number) {
    this.#random = random
    this.#oddOneIn = oddOneIn
  }

  /** Returns the text of a message, with members in any order. */
  message(desc: DescMessage, depth = 2): string {
    if (desc.typeName.startsWith(CUSTOM)) return this.#wellKnown(desc, depth)
    const random = this.#random
    const members: string[] = []
    for (let left = random.below(7); left > 0; left--) {
      const field = desc.fields.length === 0 ? undefined : random.pick(desc.fields)
      members.push(field === undefined || random.below(15) === 0 ? this.#unknown() : this.#member(field, depth))
    }
    // A key twice, in another spelling or the same one.
    const [first] = members
    if (first !== undefined && random.below(25) === 0) members.push(first)
    return this.#object(members)
  }

  #object(members: readonly string[]): string {
    const random = this.#random
    const space = random.below(6) === 0 ? random.pick(SPACES) : ''
    return `{${space}${members.join(`${space},${space}`)}${space}}`
  }

  #unknown(): string {
    return `${this.#random.pick(['"unknown"', '"__proto__"', '"$typeName"', '"toString"', '"a\\u0000"'])}:${this.#anything()}`
  }

  #anything(): string {
    return this.#random.pick(ANYTHING)
  }

  #member(field: DescField, depth: number): string {
    const name = this.#random.below(4) === 0 ? field.name : field.jsonName
    return `${JSON.stringify(name)}:${this.#value(field, depth)}`
  }

  #isOdd(): boolean {
    return this.#random.below(this.#oddOneIn) === 0
  }

  #value(field: DescField, depth: number): string {
    const random = this.#random
    if (this.#isOdd()) return this.#anything()
    if (random.below(20) === 0) return 'null'
    switch (field.fieldKind) {
      case 'list':
        return `[${Array.from({ length: random.below(4) }, () => this.#single(field, depth)).join()}]`
      case 'map':
        return this.#object(
          Array.from({ length: random.below(4) }, () => `${random.pick(KEYS)}:${this.#single(field, depth)}`),
        )
      default:
        return this.#single(field, depth)
    }
  }

  #single(field: DescField, depth: number): string {
    const random = this.#random
    if (this.#isOdd()) return random.pick([this.#anything(), ...INTEGERS, ...TEXTS])
    if (field.message !== undefined) return depth <= 0 ? '{}' : this.message(field.message, depth - 1)
    if (field.enum !== undefined) {
      const { name, number } = random.pick(field.enum.values)
      return random.pick([JSON.stringify(name), String(number), '77', '"NO_SUCH_VALUE"', 'null'])
    }
    return this.#scalar(field.scalar as ScalarType)
  }

  #scalar(type: ScalarType): string {
    const random = this.#random
    switch (type) {
      case ScalarType.STRING:
        return random.pick(TEXTS)
      case ScalarType.BYTES:
        return random.pick(OCTETS)
      case ScalarType.BOOL:
        return random.pick(['true', 'false', 'true', '"true"', '1'])
      case ScalarType.FLOAT:
      case ScalarType.DOUBLE:
        return random.pick([...FLOATS, ...INTEGERS])
      case ScalarType.INT64:
      case ScalarType.UINT64:
      case ScalarType.SINT64:
      case ScalarType.FIXED64:
      case ScalarType.SFIXED64:
        return random.pick([...INTEGERS, ...LONG_INTEGERS])
      default:
        return random.pick(INTEGERS)
    }
  }

  #wellKnown(desc: DescMessage, depth: number): string {
    const random = this.#random
    switch (desc.name) {
      case 'Timestamp':
        return random.pick(TIMES)
      case 'Duration':
        return random.pick(DURATIONS)
      case 'FieldMask':
        return random.pick(['"a,b.cD"', '""', '"a_b"', '","'])
      case 'Any':
        return random.pick([
          '{}',
          '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}',
          '{"@type":""}',
          '{"value":1}',
        ])
      case 'Struct':
        return this.#object(Array.from({ length: random.below(3) }, () => `${random.pick(KEYS)}:${this.#anything()}`))
      case 'Value':
        return random.pick([this.#anything(), ...FLOATS, ...TEXTS])
      case 'ListValue':
        return `[${Array.from({ length: random.below(3) }, () => this.#anything()).join()}]`
      default: {
        const [value] = desc.fields
        const isWrapper = desc.name.endsWith('Value') && value?.scalar !== undefined
        return isWrapper ? this.#scalar(value.scalar) : `{${depth > 0 ? this.#unknown() : ''}}`
      }
    }
  }
}

/** Changes a text in one place: a character, a part that is missing, or one that occurs twice. */
export function mutateText(text: string, random: SeededRandom): string {
  const start = random.below(text.length + 1)
  const end = start + random.below(8)
  switch (random.below(5)) {
    case 0:
      return text.slice(0, start)
    case 1:
      return text.slice(0, start) + text.slice(end)
    case 2:
      return text.slice(0, end) + text.slice(start)
    case 3:
      return `${text.slice(0, start)}${random.pick(['"', ',', '}', '\\', '0', 'e', '-', '\0', '\ufeff', '//', 'null'])}${text.slice(start)}`
    default:
      return text.slice(0, start) + String.fromCharCode(random.below(0x80)) + text.slice(start + 1)
  }
}
