/** Keeps the exact value of 64-bit integers that JSON writes as numbers, which a double would round. */

/** Every integer of up to 15 digits is exact as a double. */
const MAX_SAFE_CHARS = 15

/** Larger numbers are not 64-bit integers. */
const MAX_MAGNITUDE = 2 ** 64

/** The most digits of a 64-bit integer. */
const MAX_DIGITS = 20

const ZERO = 0x30
const DIGITS = /^-?\d+$/
/** RFC 8259, section 6. */
const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/**
 * Whether a literal becomes a 64-bit integer when read as a double, although it may be a different integer or have a fraction.
 * False if it is not a JSON number.
 */
export function mayLoseDigits(text: string, start: number, end: number): boolean {
  const isShort = end - start <= MAX_SAFE_CHARS
  if (isShort && !hasExponent(text, start, end)) return false
  const literal = text.slice(start, end)
  const value = Number(literal)
  return Number.isInteger(value) && Math.abs(value) <= MAX_MAGNITUDE && NUMBER.test(literal)
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((text.charCodeAt(at) | 0x20) === 0x65) return true
  return false
}

/**
 * Returns the digits of an integer literal, with its sign: `9007199254740993` for `9007199254740993.0` and for
 * `9.007199254740993e15`. Returns other literals, and those with more digits than 64 bits hold, unchanged.
 */
export function toInteger(literal: string): string {
  if (DIGITS.test(literal)) return literal
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(literal) ?? []
  const all = `${whole}${fraction}`
  const first = all.search(/[1-9]/)
  if (first < 0) return '0'
  let end = all.length
  while (all.charCodeAt(end - 1) === ZERO) end--
  const point = whole.length + Number(exponent)
  if (end > point || point - first > MAX_DIGITS) return literal
  return `${sign}${all.slice(first, end).padEnd(point - first, '0')}`
}
