/** When a field without presence is written: unless it has the zero value of its type. The comparisons are those of protobuf-es. */
import { ScalarType } from '@bufbuild/protobuf'
import type { FieldPlan } from './encode-plan.ts'

/** Returns the condition as code about an expression. */
export function implicitCondition({ presence, value }: FieldPlan, expression: string): string {
  if (presence.kind === 'implicit' && presence.zero !== null) return `${expression} !== ${presence.zero}`
  switch (value.kind === 'scalar' ? value.type : ScalarType.INT32) {
    case ScalarType.BOOL:
      return `${expression} !== false`
    case ScalarType.STRING:
      return `${expression} !== ""`
    case ScalarType.BYTES:
      return `!(${expression} instanceof Uint8Array) || ${expression}.byteLength > 0`
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      // -0 is not the zero value.
      return `!Object.is(${expression}, 0)`
    default:
      // Loosely: 0, 0n and "0" are all zero.
      return `${expression} != 0`
  }
}

/** Returns the same condition as a function. */
export function implicitTest({ presence, value }: FieldPlan): (value: unknown) => boolean {
  if (presence.kind === 'implicit' && presence.zero !== null) {
    const { zero } = presence
    return (given) => given !== zero
  }
  switch (value.kind === 'scalar' ? value.type : ScalarType.INT32) {
    case ScalarType.BOOL:
      return (given) => given !== false
    case ScalarType.STRING:
      return (given) => given !== ''
    case ScalarType.BYTES:
      return (given) => !(given instanceof Uint8Array) || given.byteLength > 0
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return (given) => !Object.is(given, 0)
    default:
      return (given) => !isLooselyZero(given)
  }
}

/** Whether a value equals zero after the conversions of loose equality (ECMA-262, section 7.2.13). */
export function isLooselyZero(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return value === 0
    case 'undefined':
    case 'symbol':
      return false
    case 'object':
    case 'function':
      // As in an addition, a Date converts to text, and other objects to numbers.
      return value !== null && Number((value as unknown as string) + '') === 0
    default:
      return Number(value) === 0
  }
}
