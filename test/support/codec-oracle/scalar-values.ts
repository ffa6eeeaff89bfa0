/** Values of scalar fields: boundaries, ordinary ones, and values of the wrong type. */
import { ScalarType } from '@bufbuild/protobuf'
import type { SeededRandom } from '../seeded-random.ts'

const INT32 = [0, 1, -1, 127, 128, 300, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_456, 2 ** 31 - 1, -(2 ** 31)]
const UINT32 = [0, 1, 127, 128, 16_384, 2_097_152, 268_435_455, 268_435_456, 2 ** 31, 2 ** 32 - 1]
const INT64 = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n,
  2n ** 35n,
  2n ** 53n,
  2n ** 56n,
  2n ** 63n - 1n,
]
const NEGATIVE_INT64 = [-(2n ** 63n), -(2n ** 53n) - 1n, -(2n ** 32n)]
const UINT64 = [
  0n,
  1n,
  127n,
  128n,
  2n ** 28n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n + 1n,
  2n ** 56n,
  2n ** 63n,
  2n ** 64n - 1n,
]
const FLOATS = [0, -0, 1, -1.5, Number.NaN, Infinity, -Infinity, 3.4028234663852886e38, 1e-45, 0.1, 16_777_217]
const DOUBLES = [...FLOATS, Number.MAX_VALUE, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER, 1e21, 1e-7]
const TEXTS = [
  '',
  'a',
  'caf\u00e9',
  '\u20ac',
  '\ud83d\ude00',
  '\ufeffmark',
  '\0',
  '\u2028\u2029',
  'x'.repeat(31),
  'x'.repeat(32),
]
const LONGER = [
  'x'.repeat(33),
  '\u00e9'.repeat(63),
  '\u00e9'.repeat(64),
  'y'.repeat(127),
  'y'.repeat(128),
  '"\\\n\u007f\u0080\uffff',
]
const HALVES = ['\ud800', 'a\udc00b', '\udc00\ud800', `${'z'.repeat(40)}\ud83d`]
const OCTETS = [0, 1, 3, 127, 128, 300]

/** Values that fit no field, or fit another kind. */
const WRONG: readonly unknown[] = [
  null,
  undefined,
  true,
  false,
  '',
  'x',
  '12',
  '-1',
  '1.5',
  'NaN',
  'Infinity',
  ' 7 ',
  '0x10',
  1.5,
  -1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 64,
  1e40,
  Number.NaN,
  Infinity,
  5n,
  -5n,
  2n ** 64n,
  -(2n ** 63n) - 1n,
  ...HALVES,
]

/** Returns a value of a type, as a message holds it. */
export function scalarValue(type: ScalarType, longAsString: boolean, random: SeededRandom): unknown {
  const value = boundaryOf(type, random)
  return longAsString && typeof value === 'bigint' ? String(value) : value
}

function boundaryOf(type: ScalarType, random: SeededRandom): unknown {
  switch (type) {
    case ScalarType.BOOL:
      return random.below(2) === 1
    case ScalarType.STRING:
      return textValue(random)
    case ScalarType.BYTES:
      return octetsValue(random)
    case ScalarType.FLOAT:
      return random.below(4) > 0 ? random.pick(FLOATS) : Math.fround(random.next() * 1_000)
    case ScalarType.DOUBLE:
      return random.below(4) > 0 ? random.pick(DOUBLES) : (random.next() - 0.5) * 10 ** random.below(30)
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return random.below(4) > 0 ? random.pick([...INT64, ...NEGATIVE_INT64]) : BigInt.asIntN(64, bits(random))
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return random.below(4) > 0 ? random.pick(UINT64) : BigInt.asUintN(64, bits(random))
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return random.below(4) > 0 ? random.pick(UINT32) : random.below(2 ** 32)
    default:
      return random.below(4) > 0 ? random.pick(INT32) : random.below(2 ** 32) | 0
  }
}

/** Returns any text that is well-formed; sometimes a long one. */
export function textValue(random: SeededRandom): string {
  if (random.below(200) === 0) return random.pick(['n', '\u20ac', '\ud83d\ude00']).repeat(random.below(20_000))
  return random.below(3) > 0 ? random.pick([...TEXTS, ...LONGER]) : random.word(random.below(80))
}

function octetsValue(random: SeededRandom): Uint8Array {
  const octets = random.bytes(random.pick(OCTETS))
  const form = random.below(6)
  if (form === 0) return octets
  // In the middle of a larger buffer.
  return form === 1 ? new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength) : new Uint8Array(octets)
}

function bits(random: SeededRandom): bigint {
  return ((BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32))) >> BigInt(random.below(64))
}

/** Returns a value that may not fit its field. */
export function wrongValue(random: SeededRandom): unknown {
  switch (random.below(12)) {
    case 0:
      return {}
    case 1:
      return []
    case 2:
      return [1, 2, 300]
    case 3:
      return new Uint8Array([1, 2])
    case 4:
      return { $typeName: 'no.such.Type' }
    case 5:
      return new Date(0)
    case 6:
      return new Uint16Array([1, 2])
    default:
      return random.pick(WRONG)
  }
}
