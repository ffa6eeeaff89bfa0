/** The text of event ids: fields of a message in braces, and what stands between them, such as `{epoch}:{sequence}`. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { followPath, isLost, pathName } from '../binding/field-path.ts'

/** Printable ASCII without a space: what every client sends back as it is. */
const LITERAL = /^[\x21-\x7e]*$/

/** Characters that `encodeURIComponent` leaves alone, so that values may contain them. */
const UNRESERVED = /^[\w.!~*'()-]*$/

const TEXT_SCALARS: ReadonlySet<ScalarType> = new Set([
  ScalarType.STRING,
  ScalarType.INT32,
  ScalarType.INT64,
  ScalarType.UINT32,
  ScalarType.UINT64,
  ScalarType.SINT32,
  ScalarType.SINT64,
  ScalarType.FIXED32,
  ScalarType.FIXED64,
  ScalarType.SFIXED32,
  ScalarType.SFIXED64,
])

/** A parsed template. */
export interface EventTemplate {
  /** What stands before, between and after the fields: one more than there are fields. */
  readonly literals: readonly string[]
  /** Each from the message to a string or integer. */
  readonly fields: readonly (readonly DescField[])[]
}

/**
 * Parses a template for messages of a type.
 *
 * @throws RangeError that says what is wrong
 */
export function parseEventTemplate(text: string, desc: DescMessage): EventTemplate {
  const [first = '', ...pieces] = text.split('{')
  const literals = [first]
  const fields = pieces.map((piece) => {
    const close = piece.indexOf('}')
    if (close < 0) throw new RangeError(`"{${piece}" has no closing brace`)
    literals.push(piece.slice(close + 1))
    return fieldAt(piece.slice(0, close), desc)
  })
  if (fields.length === 0) throw new RangeError('names no field: write {field}')
  for (const [index, literal] of literals.entries()) checkLiteral(literal, index > 0 && index < fields.length)
  return { literals, fields }
}

/** Returns the id of a message with these values. */
export function formatEventId({ literals }: EventTemplate, values: readonly string[]): string {
  let id = literals[0] ?? ''
  for (const [index, value] of values.entries()) {
    id += encodeURIComponent(value.toWellFormed()) + (literals[index + 1] ?? '')
  }
  return id
}

/** Returns the values in an id; undefined if it is not of this template. */
export function parseEventId({ literals }: EventTemplate, id: string): string[] | undefined {
  const [prefix = '', ...rest] = literals
  if (!id.startsWith(prefix)) return undefined
  const values: string[] = []
  let at = prefix.length
  for (const [index, literal] of rest.entries()) {
    const isLast = index === rest.length - 1
    const end = isLast ? id.length - literal.length : id.indexOf(literal, at)
    if (end < at || !id.startsWith(literal, end)) return undefined
    const value = decoded(id.slice(at, end))
    if (value === undefined) return undefined
    values.push(value)
    at = end + literal.length
  }
  return values
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

function fieldAt(name: string, desc: DescMessage): readonly DescField[] {
  const fields = followPath(desc, name.split('.'))
  if (isLost(fields)) throw new RangeError(`{${name}} is not a field of ${desc.typeName}`)
  const leaf = fields.at(-1)
  if (leaf?.fieldKind !== 'scalar' || !TEXT_SCALARS.has(leaf.scalar)) {
    throw new RangeError(`{${pathName(fields)}} must be a singular string or integer`)
  }
  return fields
}

function checkLiteral(literal: string, isBetween: boolean): void {
  if (!LITERAL.test(literal) || literal.includes('}')) {
    throw new RangeError(`${JSON.stringify(literal)} must be printable ASCII without spaces and braces`)
  }
  if (isBetween && UNRESERVED.test(literal)) {
    throw new RangeError(`${JSON.stringify(literal)} between two fields could be part of a value: write ":" or "/"`)
  }
}
