/** The JSON of a number that someone types. Whatever is typed stays readable in the text, also while it is no number yet. */
import { ScalarType } from '@bufbuild/protobuf'
import { is64Bit } from './value-shape.ts'

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
/** A larger whole number would lose digits in other JSON parsers. */
const MAX_BARE_DIGITS = 15

export function numberText(scalar: ScalarType, typed: string): string {
  const isFloat = scalar === ScalarType.DOUBLE || scalar === ScalarType.FLOAT
  const isBare = JSON_NUMBER.test(typed) && !is64Bit(scalar) && (isFloat || typed.length <= MAX_BARE_DIGITS)
  return isBare ? typed : JSON.stringify(typed)
}
