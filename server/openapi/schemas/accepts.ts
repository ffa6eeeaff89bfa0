/** Whether a schema accepts a value, as far as the generator needs to know it: zero values, and the examples of scalars. */
import type { JsonData, Schema } from '../model/document.ts'

/** The formats that the empty string has. */
const EMPTY_FORMATS: ReadonlySet<string> = new Set(['byte', 'uri-reference'])

/** Whether a value without structure, or an empty one, has what the keywords of limits demand. References accept anything. */
export function accepts(schema: Schema, value: JsonData): boolean {
  const { const: only, enum: choices, not, anyOf, allOf } = schema
  if (only !== undefined && !isSame(only, value)) return false
  if (choices !== undefined && !choices.some((choice) => isSame(choice, value))) return false
  if (not !== undefined && accepts(not, value)) return false
  if (anyOf !== undefined && !anyOf.some((each) => accepts(each, value))) return false
  if (allOf !== undefined && !allOf.every((each) => accepts(each, value))) return false
  if (typeof value === 'string') return acceptsText(schema, value)
  if (typeof value === 'number') return acceptsNumber(schema, value)
  if (Array.isArray(value)) return isWithin(value.length, schema.minItems, schema.maxItems)
  return typeof value !== 'object' || value === null || isWithin(Object.keys(value).length, schema.minProperties)
}

function acceptsText({ format, pattern, minLength, maxLength }: Schema, text: string): boolean {
  if (text === '' && format !== undefined && !EMPTY_FORMATS.has(format)) return false
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text)) return false
  return isWithin([...text].length, minLength, maxLength)
}

function acceptsNumber(schema: Schema, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema
  if ((above !== undefined && value <= above) || (below !== undefined && value >= below)) return false
  return isWithin(value, minimum, maximum)
}

function isWithin(value: number, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): boolean {
  return value >= least && value <= most
}

function isSame(a: JsonData, b: JsonData): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
