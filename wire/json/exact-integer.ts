/** Numbers as JSON texts write them, where a double would not hold them. */

/** Every integer of as many digits is a double. */
const MAX_SAFE_CHARS = 15

/** Nothing above is a 64-bit integer. */
const MAX_MAGNITUDE = 2 ** 64

/** No 64-bit integer has more digits. */
const MAX_DIGITS = 20

const ZERO = 0x30
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** A number as it stands in a JSON text. */
export class NumberLiteral {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }

  /** The nearest double, as JavaScript reads the text. */
  toDouble(): number {
    return Number(this.source)
  }

  /**
   * The digits of the integer that it is, with its sign: `9007199254740993` of `9007199254740993.0` and of
   * `9.007199254740993e15`. What is no integer, or has more digits than 64 bits hold, stays as it is.
   */
  toInteger(): string {
    return integerOf(this.source) ?? this.source
  }
}

/** Whether a literal is, as a double, an integer of 64 bits, although it is another integer or has a fraction. False alarms are possible. */
export function mayLoseDigits(text: string, start: number, end: number): boolean {
  const isShort = end - start <= MAX_SAFE_CHARS
  if (isShort && !hasExponent(text, start, end)) return false
  const value = Number(text.slice(start, end))
  return Number.isInteger(value) && Math.abs(value) <= MAX_MAGNITUDE
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((text.charCodeAt(at) | 0x20) === 0x65) return true
  return false
}

function integerOf(source: string): string | undefined {
  const [literal, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(source) ?? []
  if (literal === undefined) return undefined
  const all = `${whole}${fraction}`
  const first = all.search(/[1-9]/)
  if (first < 0) return '0'
  let end = all.length
  while (all.charCodeAt(end - 1) === ZERO) end--
  const point = whole.length + Number(exponent)
  if (end > point || point - first > MAX_DIGITS) return undefined
  return `${sign}${all.slice(first, end).padEnd(point - first, '0')}`
}
