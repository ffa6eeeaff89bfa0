/** Octets in the format of protobuf that no encoder would write. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { SeededRandom } from '../seeded-random.ts'

/** One field on the wire, with its tag. */
export type WireRecord = Buffer

const VARINTS = [
  '00',
  '01',
  '7f',
  '8001',
  'ffffffff0f',
  'ffffffffffffffffff01',
  '80808080808080808001',
  '8000',
  'ffffffff7f',
]
/** Varints past their maximum, or without an end. */
const BAD_VARINTS = ['ffffffffffffffffffff01', '80808080808080808002', '8080808080', 'ff']
const INVALID_UTF8 = [
  'ff',
  'c0af',
  'eda080',
  'f4908080',
  'e282',
  '80',
  `${'61'.repeat(40)}c3`,
  `${'61'.repeat(40)}fe62`,
]
const UNKNOWN_NUMBERS = [1, 2, 3, 15, 16, 19_000, 536_870_911]

/** Returns the octets of fields of a type, with any wire type and in any order. */
export function strayOctets(desc: DescMessage, random: SeededRandom, depth = 3): Buffer {
  const records: WireRecord[] = []
  for (let left = random.below(6); left > 0; left--) records.push(strayRecord(desc, random, depth))
  return Buffer.concat(records)
}

function strayRecord(desc: DescMessage, random: SeededRandom, depth: number): WireRecord {
  if (desc.fields.length === 0 || random.below(8) === 0) {
    return unknownRecord(random, depth)
  }
  const field = random.pick(desc.fields)
  const wireType = random.below(16) === 0 ? random.below(8) : wireTypeOf(field, random)
  return record(field.number, wireType, random, depth, field)
}

/** Mostly those with a value; rarely the end of a group that did not start, or none that exists. */
function unknownWireType(random: SeededRandom): number {
  return random.below(30) === 0 ? random.below(8) : random.pick([0, 1, 2, 3, 5])
}

function wireTypeOf(field: DescField, random: SeededRandom): number {
  if (field.fieldKind === 'map') return WireType.LengthDelimited
  if (field.message !== undefined) return field.delimitedEncoding ? WireType.StartGroup : WireType.LengthDelimited
  if (field.fieldKind === 'list' && random.below(2) === 0) return WireType.LengthDelimited
  switch (field.scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited
    default:
      return WireType.Varint
  }
}

/** Returns a field that no type has. */
export function unknownRecord(random: SeededRandom, depth: number): WireRecord {
  return record(random.pick(UNKNOWN_NUMBERS), unknownWireType(random), random, depth, undefined)
}

/** Returns text that is not valid UTF-8. */
export function invalidText(random: SeededRandom): Buffer {
  return Buffer.from(random.pick(INVALID_UTF8), 'hex')
}

function record(
  number: number,
  wireType: number,
  random: SeededRandom,
  ...[depth, field]: [number, DescField | undefined]
): WireRecord {
  const start = tag(number, wireType, random)
  switch (wireType) {
    case WireType.Varint:
      return Buffer.concat([start, varint(random)])
    case WireType.Bit64:
      return Buffer.concat([start, random.bytes(8)])
    case WireType.Bit32:
      return Buffer.concat([start, random.bytes(4)])
    case WireType.LengthDelimited:
      return Buffer.concat([start, sized(content(random, depth, field), random)])
    case WireType.StartGroup: {
      const end = tag(random.below(20) === 0 ? number + 1 : number, WireType.EndGroup, random)
      return Buffer.concat([start, nested(random, depth, field), random.below(20) === 0 ? Buffer.alloc(0) : end])
    }
    default:
      return start
  }
}

function tag(number: number, wireType: number, random: SeededRandom): Buffer {
  const value = number * 8 + wireType
  const plain = Buffer.from(new BinaryWriter().uint32(value % 2 ** 32).finish())
  return random.below(20) === 0 ? overlong(plain, 1 + random.below(5)) : plain
}

/** The same number in more octets than it needs. */
function overlong(varintOctets: Buffer, more: number): Buffer {
  const longer = Buffer.concat([varintOctets, Buffer.alloc(more, 0x80)])
  longer[varintOctets.length - 1] = (longer[varintOctets.length - 1] as number) | 0x80
  longer[longer.length - 1] = 0
  return longer
}

function varint(random: SeededRandom): Buffer {
  if (random.below(3) > 0) return Buffer.from(new BinaryWriter().uint32(random.below(200)).finish())
  return Buffer.from(random.pick(random.below(40) === 0 ? BAD_VARINTS : VARINTS), 'hex')
}

/** Octets after their length, which is sometimes wrong. */
function sized(octets: Buffer, random: SeededRandom): Buffer {
  const length = random.below(60) === 0 ? Math.max(0, octets.length + random.below(7) - 3) : octets.length
  const plain = Buffer.from(new BinaryWriter().uint32(length).finish())
  return Buffer.concat([random.below(20) === 0 ? overlong(plain, 1 + random.below(3)) : plain, octets])
}

function content(random: SeededRandom, depth: number, field: DescField | undefined): Buffer {
  if (field?.fieldKind === 'map' && random.below(4) > 0) return mapEntry(random, depth, field)
  if (field?.message !== undefined) return nested(random, depth, field)
  switch (random.below(12)) {
    case 0:
      return invalidText(random)
    case 1:
    case 2:
    case 3:
      return Buffer.concat(Array.from({ length: random.below(6) }, () => varint(random)))
    case 4:
      return random.bytes(random.below(20))
    case 5:
      return Buffer.from('caf\u00e9 \u20ac \ud83d\ude00'.repeat(random.below(8)))
    case 6:
    case 7:
      return Buffer.from(random.word(random.below(50)))
    default:
      return Buffer.alloc(random.pick([0, 4, 8, 16, 24, 40]), random.below(128))
  }
}

function nested(random: SeededRandom, depth: number, field: DescField | undefined): Buffer {
  if (depth <= 0) return Buffer.alloc(0)
  if (field?.message !== undefined) return strayOctets(field.message, random, depth - 1)
  return Buffer.concat(Array.from({ length: random.below(3) }, () => unknownRecord(random, depth - 1)))
}

/** An entry whose key and value come in any number and order, with others between. */
function mapEntry(random: SeededRandom, depth: number, field: DescField & { fieldKind: 'map' }): Buffer {
  const parts = Array.from({ length: random.below(4) }, () => {
    const number = 1 + random.below(random.below(5) === 0 ? 4 : 2)
    const scalar = number === 1 ? field.mapKey : field.scalar
    if (number === 2 && field.message !== undefined)
      return record(2, WireType.LengthDelimited, random, depth - 1, field)
    const like = { fieldKind: 'scalar', scalar } as DescField
    return record(number, wireTypeOf(like, random), random, depth - 1, undefined)
  })
  return Buffer.concat(parts)
}

/** Returns messages nested one in another through a field that contains its own type, or groups without a type. */
export function deepOctets(desc: DescMessage, levels: number, random: SeededRandom): Buffer {
  const field = random.pick([undefined, ...desc.fields.filter(({ message }) => message === desc)])
  const number = field?.number ?? random.pick(UNKNOWN_NUMBERS)
  if (field?.message !== undefined && field.fieldKind !== 'map' && !field.delimitedEncoding) {
    let octets: Uint8Array = new Uint8Array(0)
    for (let left = levels; left > 0; left--) {
      octets = new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(octets).finish()
    }
    return Buffer.from(octets)
  }
  const start = Buffer.from(new BinaryWriter().tag(number, WireType.StartGroup).finish())
  const end = Buffer.from(new BinaryWriter().tag(number, WireType.EndGroup).finish())
  return Buffer.concat([...Array(levels).fill(start), ...Array(levels).fill(end)])
}
