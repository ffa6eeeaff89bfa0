/** Whole numbers as JSON writes them, without loss of digits. */

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
/** No integer of protobuf has more digits. */
const MAX_DIGITS = 400

/** Returns the value of a number such as `12`, `1.2e1` or `12.0`; null for anything but a whole number. */
export function exactInteger(text: string): bigint | null {
  const match = NUMBER.exec(text)
  if (match === null || text.length > MAX_DIGITS) return null
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const shift = Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return 0n
  if (Math.abs(shift) > MAX_DIGITS) return null
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : divided(digits, 10n ** BigInt(-shift))
  return value === null || sign === '' ? value : -value
}

function divided(digits: bigint, divisor: bigint): bigint | null {
  return digits % divisor === 0n ? digits / divisor : null
}
