/** Makes values for the messages of any type, from its descriptor. */
import { type DescEnum, type DescField, type DescMessage, type DescOneof, ScalarType } from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'
import type { SeededRandom } from '../seeded-random.ts'
import { scalarValue, textValue, wrongValue } from './scalar-values.ts'

type Fields = Record<string, unknown>

const KEYS = ['', 'a', '__proto__', 'constructor', 'toString', '0', '-1', '007', 'caf\u00e9', 'x'.repeat(40), '\u2028']
const ODD_KEYS = [
  'true',
  '1.5',
  'NaN',
  '18446744073709551616',
  ' 1',
  '\ud800',
  '-9223372036854775809',
  '4294967296',
  '1e3',
]
const STRUCT_DEPTH = 3
/** The elements of all lists and maps of a message together. */
const MOST_ELEMENTS = 500

/** What the values of one run may be. */
export interface ValueLimits {
  /** Nested messages below this depth are empty or absent. */
  readonly depth: number
  /** The chance of a value that may not fit its field: one in so many. Infinity for none. */
  readonly wrongOneIn: number
  /** The maximum fields of a message that are set. */
  readonly fields: number
}

/** Makes the plain objects that `create` accepts, fields in any order. */
export class MessageValues {
  readonly #random: SeededRandom
  readonly #limits: ValueLimits
  #elements = 0

  constructor(random: SeededRandom, limits: ValueLimits) {
    this.#random = random
    this.#limits = limits
  }

  /** Returns the fields of a message. */
  init(desc: DescMessage, depth = this.#limits.depth): Fields {
    const fields: Fields = {}
    const random = this.#random
    const members = desc.members
    if (members.length === 0) return fields
    const share = Math.min(members.length, this.#limits.fields)
    for (let left = random.below(share + 1); left > 0; left--) {
      const member = random.pick(members)
      fields[member.localName] = member.kind === 'oneof' ? this.#oneof(member, depth) : this.#field(member, depth)
    }
    if (random.below(6) === 0) fields.$unknown = this.unknown()
    return fields
  }

  /** Returns unknown fields. */
  unknown(): { no: number; wireType: number; data: Uint8Array }[] {
    const random = this.#random
    const chunks = [
      { wireType: 0, hex: '05' },
      { wireType: 1, hex: '0102030405060708' },
      { wireType: 2, hex: '03616263' },
      { wireType: 3, hex: '080114' },
      { wireType: 5, hex: '01020304' },
    ]
    return Array.from({ length: random.below(4) }, () => {
      const { wireType, hex } = random.pick(chunks)
      return {
        no: random.pick([1, 2, 15, 16, 120, 2_048, 536_870_911]),
        wireType,
        data: new Uint8Array(Buffer.from(hex, 'hex')),
      }
    })
  }

  #isWrong(): boolean {
    return Number.isFinite(this.#limits.wrongOneIn) && this.#random.below(this.#limits.wrongOneIn) === 0
  }

  #oneof(oneof: DescOneof, depth: number): unknown {
    const random = this.#random
    if (this.#isWrong()) return random.pick([{ case: 'noSuchCase', value: 1 }, { case: null }, {}, null, 'x'])
    if (random.below(8) === 0) return { case: undefined }
    const field = random.pick(oneof.fields)
    return { case: field.localName, value: this.#single(field, depth) }
  }

  #field(field: DescField, depth: number): unknown {
    if (this.#isWrong()) return wrongValue(this.#random)
    if (field.fieldKind === 'list') return Array.from({ length: this.#length() }, () => this.#single(field, depth))
    if (field.fieldKind === 'map') return this.#map(field, depth)
    return this.#single(field, depth)
  }

  #length(): number {
    const wanted = this.#random.below(60) === 0 ? this.#random.below(300) : this.#random.below(4)
    const length = Math.min(wanted, MOST_ELEMENTS - this.#elements)
    this.#elements += length
    return length
  }

  #map(field: DescField & { fieldKind: 'map' }, depth: number): Fields {
    const map: Fields = {}
    for (let left = this.#length(); left > 0; left--) {
      const value = this.#single(field, depth)
      Object.defineProperty(map, this.#key(field.mapKey), {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
    return map
  }

  #key(type: ScalarType): string {
    const random = this.#random
    if (this.#isWrong()) return random.pick([...KEYS, ...ODD_KEYS])
    return type === ScalarType.STRING ? random.pick(KEYS) : String(scalarValue(type, false, random))
  }

  /** Returns one value: of a field, of a list, or of a map. */
  #single(field: DescField, depth: number): unknown {
    if (this.#isWrong()) return wrongValue(this.#random)
    if (field.message !== undefined) return this.#nested(field, field.message, depth)
    if (field.enum !== undefined) return enumValue(field.enum, this.#random)
    const isLongText = field.fieldKind !== 'map' && field.longAsString
    return scalarValue(field.scalar as ScalarType, isLongText, this.#random)
  }

  #nested(field: DescField, desc: DescMessage, depth: number): unknown {
    if (desc.typeName === 'google.protobuf.Struct' && field.parent.typeName !== 'google.protobuf.Value') {
      return this.#struct(STRUCT_DEPTH)
    }
    const [value] = desc.fields
    if (field.fieldKind === 'message' && field.oneof === undefined && isWrapperDesc(desc) && value !== undefined) {
      return this.#single(value, depth)
    }
    return depth <= 0 ? {} : this.init(desc, depth - 1)
  }

  #struct(depth: number): unknown {
    const random = this.#random
    const object: Fields = {}
    for (let left = random.below(4); left > 0; left--) {
      const value = this.#json(depth - 1)
      Object.defineProperty(object, random.pick(KEYS), { value, writable: true, enumerable: true, configurable: true })
    }
    return object
  }

  #json(depth: number): unknown {
    const random = this.#random
    if (this.#isWrong()) return wrongValue(random)
    switch (random.below(depth > 0 ? 6 : 4)) {
      case 0:
        return null
      case 1:
        return textValue(random)
      case 2:
        return random.below(2) === 1
      case 3:
        return scalarValue(ScalarType.DOUBLE, false, random)
      case 4:
        return Array.from({ length: random.below(3) }, () => this.#json(depth - 1))
      default:
        return this.#struct(depth)
    }
  }
}

function enumValue(desc: DescEnum, random: SeededRandom): number {
  return random.below(6) > 0 ? random.pick(desc.values).number : random.pick([0, -1, 99, 2 ** 31 - 1, -(2 ** 31)])
}
