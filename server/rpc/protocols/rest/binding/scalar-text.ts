/** The texts of scalars. */
import { Buffer } from 'node:buffer'
import { ScalarType } from '@bufbuild/protobuf'
import { isBase64 } from '../../../../../wire/base64.ts'
import type { TextType, ValueSettings } from './text-type.ts'

/** JSON's integers: no leading zeros, no plus, no hexadecimal digits. */
const INTEGER = /^-?(?:0|[1-9]\d*)$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** `-9223372036854775808`. Longer texts are out of range, and take BigInt quadratic time. */
const MAX_INTEGER_CHARS = 20

const STRICT_BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

/** What strconv.ParseBool of Go accepts. */
const LOOSE_BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
])

const INT32 = int('an int32', -(2 ** 31), 2 ** 31 - 1)
const UINT32 = int('a uint32', 0, 2 ** 32 - 1)
const INT64 = long('an int64', -(2n ** 63n), 2n ** 63n - 1n)
const UINT64 = long('a uint64', 0n, 2n ** 64n - 1n)
const STRING: TextType = { expected: 'a string', parse: (text) => text }
const DOUBLE: TextType = { expected: 'a double', parse: (text) => double(text) }

const TYPES: Readonly<Record<Exclude<ScalarType, ScalarType.BOOL>, TextType>> = {
  [ScalarType.DOUBLE]: DOUBLE,
  [ScalarType.FLOAT]: { expected: 'a float', parse: float },
  [ScalarType.INT64]: INT64,
  [ScalarType.UINT64]: UINT64,
  [ScalarType.INT32]: INT32,
  [ScalarType.FIXED64]: UINT64,
  [ScalarType.FIXED32]: UINT32,
  [ScalarType.STRING]: STRING,
  [ScalarType.BYTES]: { expected: 'base64', parse: bytes },
  [ScalarType.UINT32]: UINT32,
  [ScalarType.SFIXED32]: INT32,
  [ScalarType.SFIXED64]: INT64,
  [ScalarType.SINT32]: INT32,
  [ScalarType.SINT64]: INT64,
}

/** Returns the type of a scalar. 64-bit integers become a bigint. */
export function scalarText(scalar: ScalarType, { looseBooleans }: ValueSettings): TextType {
  if (scalar !== ScalarType.BOOL) return TYPES[scalar]
  const booleans = looseBooleans ? LOOSE_BOOLEANS : STRICT_BOOLEANS
  return { expected: 'true or false', parse: (text) => booleans.get(text) }
}

function int(name: string, least: number, most: number): TextType {
  return {
    expected: `${name} (${least} to ${most})`,
    parse(text) {
      if (!INTEGER.test(text)) return undefined
      const value = Number(text)
      // Adding zero makes -0 a zero.
      return value >= least && value <= most ? value + 0 : undefined
    },
  }
}

function long(name: string, least: bigint, most: bigint): TextType {
  return {
    expected: `${name} (${least} to ${most})`,
    parse(text) {
      if (text.length > MAX_INTEGER_CHARS || !INTEGER.test(text)) return undefined
      const value = BigInt(text)
      return value >= least && value <= most ? value : undefined
    },
  }
}

function double(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN
  if (text === 'Infinity') return Number.POSITIVE_INFINITY
  if (text === '-Infinity') return Number.NEGATIVE_INFINITY
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

function float(text: string): number | undefined {
  const value = double(text)
  const overflows = Number.isFinite(value) && !Number.isFinite(Math.fround(value ?? 0))
  return overflows ? undefined : value
}

function bytes(text: string): Uint8Array | undefined {
  // A copy: small buffers are views of a pool.
  return isBase64(text) ? new Uint8Array(Buffer.from(text, 'base64')) : undefined
}
