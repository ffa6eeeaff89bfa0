/** The schemas of single values: of a field, of the elements of a list, or of the entries of a map. */
import type { DescEnum, JsonObject } from '@bufbuild/protobuf'
import type { JsonData, Schema } from '../model/document.ts'
import { scalarRules, type ValueType, valueLimits, wrappedScalar } from '../rules/field-limits.ts'
import { type Limits, mergeSchemas } from '../rules/limits.ts'
import { leavesOutNaN } from '../rules/number-limits.ts'
import type { Declarations } from './declarations.ts'
import type { JsonForm } from './json-form.ts'
import { scalarSchema } from './scalar-schema.ts'
import type { SchemaRegistry } from './schema-registry.ts'
import { inlineSchema } from './well-known-schema.ts'

/** What schemas are written with. */
export interface SchemaContext {
  readonly form: JsonForm
  readonly registry: SchemaRegistry
  readonly declarations: Declarations
}

/** Returns the schema of a value that its rules limit. */
export function valueSchema(type: ValueType, rules: JsonObject, context: SchemaContext): Schema {
  const limits = valueLimits(rules, type, (desc, number) => enumText(desc, number, context.form))
  return withLimits(typeSchema(type, rules, context), limits)
}

/** Adds limits to a schema; the sentences follow its description. */
export function withLimits(schema: Schema, { schema: limits, sentences }: Limits): Schema {
  return withSentences(mergeSchemas(schema, limits), sentences)
}

/** Adds sentences to the description of a schema, each as a paragraph. */
export function withSentences(schema: Schema, sentences: readonly string[]): Schema {
  const description = [schema.description, ...sentences].filter(Boolean).join('\n\n')
  return description === '' ? schema : { ...schema, description }
}

/** Returns the text of an enum value: its name, or its number if the form has numbers or the value is unknown. */
export function enumText(type: DescEnum, number: number, { enumAsInteger }: JsonForm): JsonData {
  return enumAsInteger ? number : (type.value[number]?.name ?? number)
}

function typeSchema({ scalar, enum: desc, message }: ValueType, rules: JsonObject, context: SchemaContext): Schema {
  if (scalar !== undefined) return numberSchema(scalarSchema(scalar), scalarRules(rules, scalar))
  if (desc !== undefined) {
    return desc.typeName === 'google.protobuf.NullValue' ? { type: 'null' } : context.registry.refTo(desc, context.form)
  }
  if (message === undefined) return {}
  const wrapped = wrappedScalar(message)
  if (wrapped !== undefined) return numberSchema(scalarSchema(wrapped), scalarRules(rules, wrapped))
  return inlineSchema(message) ?? context.registry.refTo(message, context.form)
}

/** A number with bounds is neither NaN nor infinite. */
function numberSchema(schema: Schema, rules: JsonObject): Schema {
  const [finite] = schema.anyOf ?? []
  return finite !== undefined && leavesOutNaN(rules) ? finite : schema
}

/** Allows null too. */
export function orNull(schema: Schema): Schema {
  const { type, anyOf, description, ...rest } = schema
  if (typeof type === 'string' && !('enum' in rest || 'const' in rest)) return { ...schema, type: [type, 'null'] }
  if (anyOf !== undefined && type === undefined && Object.keys(rest).length === 0) {
    return { anyOf: [...anyOf, { type: 'null' }], ...(description !== undefined && { description }) }
  }
  const { description: _, ...bare } = schema
  return { anyOf: [bare, { type: 'null' }], ...(description !== undefined && { description }) }
}
