/** Reads single values from parsed JSON. The functions return undefined for what protobuf-es has to read, or refuse. */
import { type DescEnum, protoInt64 } from '@bufbuild/protobuf'
import { base64Decode } from '@bufbuild/protobuf/wire'

const MAX_INT32 = 0x7fff_ffff
const MAX_UINT32 = 0xffff_ffff
const DIGITS = /^-?\d+$/
/** Integers of up to 15 digits are exact as doubles, which `BigInt` takes faster than strings. */
const MAX_EXACT_CHARS = 15
/** The longest 64-bit integers. `BigInt` takes quadratic time. */
const MAX_INTEGER_CHARS = 20

/** Reads a number, or a string that `Number` reads; NaN for others. */
function numberIn(json: unknown): number {
  if (typeof json === 'number') return json
  return typeof json === 'string' && json !== '' && json.trim() === json ? Number(json) : Number.NaN
}

/** Reads a 32-bit integer with a sign. */
export function readInt32(json: unknown): number | undefined {
  const number = numberIn(json)
  return Number.isInteger(number) && number >= ~MAX_INT32 && number <= MAX_INT32 ? number : undefined
}

/** Reads a 32-bit integer without a sign. */
export function readUint32(json: unknown): number | undefined {
  const number = numberIn(json)
  return Number.isInteger(number) && number >= 0 && number <= MAX_UINT32 ? number : undefined
}

/** Reads a double. */
export function readDouble(json: unknown): number | undefined {
  if (json === 'NaN') return Number.NaN
  const number = numberIn(json)
  if (Number.isFinite(number)) return number
  return json === 'Infinity' || json === '-Infinity' ? number : undefined
}

/** Reads a number that stays finite as a 32-bit float. */
export function readFloat(json: unknown): number | undefined {
  const number = readDouble(json)
  return number === undefined || (Number.isFinite(number) && !Number.isFinite(Math.fround(number))) ? undefined : number
}

/** Reads a 64-bit integer with a sign. */
export function readInt64(json: unknown): bigint | undefined {
  if (!isInteger(json)) return undefined
  try {
    return protoInt64.parse(exact(json)) as bigint
  } catch {
    return undefined
  }
}

/** Reads a 64-bit integer without a sign. */
export function readUint64(json: unknown): bigint | undefined {
  if (!isInteger(json)) return undefined
  try {
    return protoInt64.uParse(exact(json)) as bigint
  } catch {
    return undefined
  }
}

/** Reads a 64-bit integer with a sign that messages keep as a string. */
export function readInt64Text(json: unknown): string | undefined {
  return readInt64(json) === undefined ? undefined : String(json)
}

/** Reads a 64-bit integer without a sign that messages keep as a string. */
export function readUint64Text(json: unknown): string | undefined {
  return readUint64(json) === undefined ? undefined : String(json)
}

function isInteger(json: unknown): json is number | string {
  if (typeof json === 'number') return Number.isSafeInteger(json)
  return typeof json === 'string' && json.length <= MAX_INTEGER_CHARS && DIGITS.test(json)
}

function exact(json: number | string): number | string {
  return typeof json === 'string' && json.length <= MAX_EXACT_CHARS ? Number(json) : json
}

/** Reads base64. */
export function readBytes(json: unknown): Uint8Array | undefined {
  if (typeof json !== 'string') return undefined
  try {
    return base64Decode(json)
  } catch {
    return undefined
  }
}

/** Reads the values of one enum; null for a name that is to be ignored. */
export type ReadEnum = (json: unknown) => number | null | undefined

/** Returns the function that reads an enum by names and numbers. */
export function enumReader(desc: DescEnum, ignoresUnknown: boolean): ReadEnum {
  // A name of the .proto file precedes an equal name that JSON has for another value.
  const names = new Map(desc.values.map(({ jsonName, number }) => [jsonName, number]))
  for (const { name, number } of desc.values) names.set(name, number)
  const numbers = desc.open ? null : new Set(desc.values.map(({ number }) => number))
  return (json) => {
    if (typeof json === 'string') return names.get(json) ?? (ignoresUnknown ? null : undefined)
    if (typeof json !== 'number') return undefined
    return numbers === null || numbers.has(json) ? readInt32(json) : undefined
  }
}

/** Whether a key of a map is an integer in its shortest form. Other forms may be the same key. */
export function isInt32Key(key: string): boolean {
  const number = readInt32(key)
  return number !== undefined && `${number}` === key
}

/** As {@link isInt32Key}. */
export function isUint32Key(key: string): boolean {
  const number = readUint32(key)
  return number !== undefined && `${number}` === key
}

/** As {@link isInt32Key}. */
export function isInt64Key(key: string): boolean {
  const integer = readInt64(key)
  return integer !== undefined && `${integer}` === key
}

/** As {@link isInt32Key}. */
export function isUint64Key(key: string): boolean {
  const integer = readUint64(key)
  return integer !== undefined && `${integer}` === key
}

/** Whether a key is a boolean. */
export function isBooleanKey(key: string): boolean {
  return key === 'true' || key === 'false'
}

/** Whether a key is a valid string. */
export function isStringKey(key: string): boolean {
  return key.isWellFormed()
}
