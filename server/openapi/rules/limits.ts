/** What validation rules say about a value: schemas that must hold besides that of its type, and what no schema can say. */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import type { Schema } from '../model/document.ts'

/** The limits of a value. */
export interface Limits {
  /** To be merged into the schema of the type. */
  readonly schema: Schema
  /** Sentences for the description. */
  readonly sentences: readonly string[]
}

/** No limits. */
export const UNLIMITED: Limits = Object.freeze({ schema: {}, sentences: [] })

/** Joins limits that all hold. */
export function joinLimits(parts: readonly Limits[]): Limits {
  return {
    schema: parts.reduce<Schema>((joined, { schema }) => mergeSchemas(joined, schema), {}),
    sentences: parts.flatMap(({ sentences }) => sentences),
  }
}

/** The keywords of which the stricter value says it all. */
const STRICTER: Readonly<Record<string, (a: number, b: number) => number>> = {
  minimum: Math.max,
  exclusiveMinimum: Math.max,
  minLength: Math.max,
  minItems: Math.max,
  minProperties: Math.max,
  maximum: Math.min,
  exclusiveMaximum: Math.min,
  maxLength: Math.min,
  maxItems: Math.min,
  maxProperties: Math.min,
}

/** Returns a schema that holds if both do. Keywords of both that cannot be joined move to `allOf`. */
export function mergeSchemas(first: Schema, second: Schema): Schema {
  const joined: Record<string, unknown> = { ...first }
  const rest: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(second)) {
    const present = joined[key]
    if (present === undefined) joined[key] = value
    else if (STRICTER[key] !== undefined) joined[key] = STRICTER[key](Number(present), Number(value))
    else if (present !== value) rest[key] = value
  }
  const merged = withoutLooserBounds(joined as Schema)
  return Object.keys(rest).length === 0 ? merged : { ...merged, allOf: [...(merged.allOf ?? []), rest as Schema] }
}

function withoutLooserBounds({ minimum, maximum, ...schema }: Schema): Schema {
  const { exclusiveMinimum: above, exclusiveMaximum: below } = schema
  return {
    ...schema,
    ...(minimum !== undefined && (above === undefined || above < minimum) && { minimum }),
    ...(maximum !== undefined && (below === undefined || below > maximum) && { maximum }),
  }
}

/** The values of `const`, `in` and `not_in`, which all kinds of rules have. */
export interface ChoiceRules {
  readonly const?: JsonValue
  readonly in?: readonly JsonValue[]
  readonly notIn?: readonly JsonValue[]
}

/** Returns the limits of `const`, `in` and `not_in`. */
export function choiceLimits({ const: only, in: choices, notIn }: ChoiceRules): Limits {
  return joinLimits([
    only === undefined ? UNLIMITED : limit({ const: only }),
    choices === undefined ? UNLIMITED : limit({ enum: choices }),
    notIn === undefined ? UNLIMITED : limit({ not: { enum: notIn } }),
  ])
}

/** Limits that a schema states. */
export function limit(schema: Schema): Limits {
  return { schema, sentences: [] }
}

/** Limits that only words state. */
export function sentence(text: string): Limits {
  return { schema: {}, sentences: [text] }
}

/** Returns a number of rules as JSON, in which 64-bit integers are strings; undefined if it is absent. */
export function numberOf(rules: JsonObject, name: string): number | undefined {
  const value = rules[name]
  return value === undefined ? undefined : Number(value)
}
