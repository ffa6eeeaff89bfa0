/** The schemas of messages. */
import type { DescField, DescMessage, DescOneof, JsonObject } from '@bufbuild/protobuf'
import type { Schema } from '../model/document.ts'
import { celLimits, objectOf } from '../rules/field-limits.ts'
import { mergeSchemas } from '../rules/limits.ts'
import { rulesOf } from '../rules/validation-rules.ts'
import { fieldName, fieldSchema, isRequired } from './field-schema.ts'
import { type SchemaContext, withSentences } from './value-schema.ts'
import { namedSchema } from './well-known-schema.ts'

/** Fields that an object does not have, because they are elsewhere; of some only parts are. */
export type LeftOut = ReadonlyMap<DescField, LeftOut | 'whole'>

const NOTHING: LeftOut = new Map()

/** Properties of which an object has at most one. */
interface ExclusiveGroup {
  readonly names: readonly string[]
  /** Whether an object must have one of them. */
  readonly isRequired: boolean
}

/** Returns the schema of a message as an object, without some fields. */
export function messageSchema(message: DescMessage, context: SchemaContext, leftOut = NOTHING): Schema {
  const known = namedSchema(message)
  if (known !== undefined) return known
  const fields = message.fields.filter(
    (field) => leftOut.get(field) !== 'whole' && context.declarations.isVisible(field),
  )
  const properties = fields.map((field) => [fieldName(field, context.form), propertySchema(field, context, leftOut)])
  const required = fields.filter((field) => isRequired(field, context)).map((field) => fieldName(field, context.form))
  const rules = rulesOf(message) ?? {}
  const schema: Schema = {
    type: 'object',
    title: message.name,
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    ...(context.form.rejectsUnknown && { additionalProperties: false }),
    ...(message.deprecated && { deprecated: true }),
  }
  const comment = context.declarations.commentOf(message)
  return withSentences(mergeSchemas(schema, exclusiveSchema(groupsOf(message, fields, context))), [
    ...(comment === undefined ? [] : [comment]),
    ...celLimits(rules).sentences,
  ])
}

function propertySchema(field: DescField, context: SchemaContext, leftOut: LeftOut): Schema {
  const inside = leftOut.get(field)
  if (inside === undefined || inside === 'whole' || field.message === undefined) return fieldSchema(field, context)
  const { description: _, ...schema } = messageSchema(field.message, context, inside)
  const comment = context.declarations.commentOf(field)
  return withSentences(schema, comment === undefined ? [] : [comment])
}

/** A oneof of which the path sets a field has no place for the others. */
function groupsOf(message: DescMessage, fields: readonly DescField[], { form }: SchemaContext): ExclusiveGroup[] {
  const oneofs = message.oneofs.map((oneof) => {
    const members = fields.filter((field) => field.oneof === oneof)
    return { names: members.map((field) => fieldName(field, form)), isRequired: isOneofRequired(oneof, members) }
  })
  const { oneof: rules } = rulesOf(message) ?? {}
  const virtual = (Array.isArray(rules) ? rules.map(objectOf) : []).map((rule) => virtualGroup(rule, fields, form))
  return [...oneofs, ...virtual]
}

function isOneofRequired(oneof: DescOneof, members: readonly DescField[]): boolean {
  return rulesOf(oneof)?.required === true && members.length === oneof.fields.length
}

/** `(buf.validate.message).oneof` groups fields by name. */
function virtualGroup(
  { fields: names, required }: JsonObject,
  fields: readonly DescField[],
  form: SchemaContext['form'],
): ExclusiveGroup {
  const listed = Array.isArray(names) ? names : []
  const members = fields.filter(({ name }) => listed.includes(name))
  return {
    names: members.map((field) => fieldName(field, form)),
    isRequired: required === true && members.length === listed.length,
  }
}

/** Returns a schema that holds if each group has at most one of its properties. It says nothing about their values. */
function exclusiveSchema(groups: readonly ExclusiveGroup[]): Schema {
  const schemas = groups.filter(({ names, isRequired }) => names.length > 1 || isRequired).map(groupSchema)
  const [first, ...others] = schemas
  if (first === undefined) return {}
  return others.length === 0 ? first : { allOf: schemas }
}

function groupSchema({ names, isRequired }: ExclusiveGroup): Schema {
  // Linters want the properties of `required` beside it.
  const each = names.map((name): Schema => ({ properties: { [name]: {} }, required: [name] }))
  return { oneOf: isRequired ? each : [...each, { not: { anyOf: each } }] }
}
