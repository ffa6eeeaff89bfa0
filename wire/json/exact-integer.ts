/** Numbers as JSON texts write them, where a double would not hold them. */

/** Every integer of as many digits is a double. */
const MAX_SAFE_CHARS = 15

/** Nothing above is a 64-bit integer. */
const MAX_MAGNITUDE = 2 ** 64

/** No 64-bit integer has more digits. */
const MAX_DIGITS = 20

const ZERO = 0x30
const DIGITS = /^-?\d+$/
/** RFC 8259, section 6. */
const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/**
 * Whether a literal is, as a double, an integer of 64 bits, although it may be another integer or have a fraction. False for what
 * is not a number of JSON.
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
 * The digits of the integer that a literal is, with its sign: `9007199254740993` of `9007199254740993.0` and of
 * `9.007199254740993e15`. What is not an integer, or has more digits than 64 bits hold, stays as it is.
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
