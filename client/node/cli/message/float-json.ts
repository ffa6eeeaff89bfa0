/** The JSON of floating point numbers. */

/** The digits that tell floats of 32 bits from each other are never more. */
const MAX_FLOAT_DIGITS = 9

/** A number, or the words that stand for those that JSON lacks. A float of 32 bits has no more digits than it needs. */
export function jsonOfFloat(value: number, isFloat32: boolean): number | string {
  if (!Number.isFinite(value)) return String(value)
  if (!isFloat32 || Number.isInteger(value)) return value
  for (let digits = 1; digits < MAX_FLOAT_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(MAX_FLOAT_DIGITS))
}
