/** The schemas of fields, and whether objects must have them. */
import { type DescField, type JsonObject, type JsonValue, ScalarType } from '@bufbuild/protobuf'
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt'
import { FieldBehavior } from '../../../gen/google/api/field_behavior_pb.js'
import type { JsonData, Schema } from '../model/document.ts'
import { collectionLimits, objectOf, scalarRules, wrappedScalar } from '../rules/field-limits.ts'
import { mergeSchemas } from '../rules/limits.ts'
import { rulesOf } from '../rules/validation-rules.ts'
import { accepts } from './accepts.ts'
import { hasBehavior } from './declarations.ts'
import type { JsonForm } from './json-form.ts'
import { isLongInteger, mapKeySchema, scalarSchema } from './scalar-schema.ts'
import { enumText, orNull, type SchemaContext, valueSchema, withLimits, withSentences } from './value-schema.ts'

/** Returns the name of a field in JSON. */
export function fieldName(field: DescField, { useProtoFieldName }: JsonForm): string {
  return useProtoFieldName ? field.name : field.jsonName
}

/** Returns the schema of a field, with its comment, limits and behaviour. */
export function fieldSchema(field: DescField, context: SchemaContext): Schema {
  const schema = limitedSchema(field, context)
  const isReadOnly = hasBehavior(field, FieldBehavior.OUTPUT_ONLY)
  const isWriteOnly = hasBehavior(field, FieldBehavior.INPUT_ONLY)
  const { description, ...rest } = isNullable(field, context.form) ? orNull(schema) : schema
  const notes = [hasBehavior(field, FieldBehavior.IMMUTABLE) ? 'Cannot be changed later.' : undefined, description]
  return withSentences(
    {
      ...rest,
      ...(field.deprecated && { deprecated: true }),
      ...(isReadOnly && { readOnly: true }),
      ...(isWriteOnly && { writeOnly: true }),
      ...exampleOf(field),
    },
    [context.declarations.commentOf(field), ...notes].filter((text) => text !== undefined),
  )
}

/** Returns the schema of a field as a text sets it, or several texts, without its comment. */
export function textSchema(field: DescField, context: SchemaContext): Schema {
  return { ...limitedSchema(field, context), ...exampleOf(field) }
}

/** Whether an object must have the field. */
export function isRequired(field: DescField, context: SchemaContext): boolean {
  const { form } = context
  if (field.presence === Presence.LEGACY_REQUIRED) return true
  if (form.emitsImplicit && field.presence === Presence.IMPLICIT) return true
  if (form.emitsNull && field.message !== undefined && field.oneof === undefined) return true
  if (hasBehavior(field, FieldBehavior.OUTPUT_ONLY)) return false
  if (!form.isRequest && hasBehavior(field, FieldBehavior.INPUT_ONLY)) return false
  // Responses leave out a value that is zero, unless rules forbid it.
  const isShown = form.isRequest || field.presence !== Presence.IMPLICIT
  if (isShown && hasBehavior(field, FieldBehavior.REQUIRED)) return true
  const rules = rulesOf(field) ?? {}
  if (rules.ignore === 'IGNORE_ALWAYS') return false
  return rules.required === true || (field.presence === Presence.IMPLICIT && !acceptsZero(field, rules, context))
}

/** A field that is absent has its zero value, which the rules may forbid. */
function acceptsZero(field: DescField, rules: JsonObject, context: SchemaContext): boolean {
  if (rules.ignore !== undefined || Object.keys(rules).length === 0) return true
  return accepts(limitedSchema(field, context), zeroOf(field, context.form))
}

function limitedSchema(field: DescField, context: SchemaContext): Schema {
  const rules = rulesOf(field) ?? {}
  const schema = kindSchema(field, rules, context)
  const needed = rules.required === true ? mergeSchemas(schema, notZero(field, context.form)) : schema
  if (rules.ignore !== 'IGNORE_IF_ZERO_VALUE' || field.fieldKind === 'message') return needed
  const zero = zeroOf(field, context.form)
  return accepts(needed, zero) ? needed : { anyOf: [{ const: zero }, needed] }
}

function kindSchema(field: DescField, rules: JsonObject, context: SchemaContext): Schema {
  switch (field.fieldKind) {
    case 'list': {
      const items = valueSchema(field, objectOf(objectOf(rules.repeated).items), context)
      return withLimits({ type: 'array', items }, collectionLimits(rules, field))
    }
    case 'map': {
      const own = objectOf(rules.map)
      const keys = keySchema(field.mapKey, objectOf(own.keys), context)
      const additionalProperties = valueSchema(field, objectOf(own.values), context)
      const schema: Schema = {
        type: 'object',
        additionalProperties,
        ...(keys !== undefined && { propertyNames: keys }),
      }
      return withLimits(schema, collectionLimits(rules, field))
    }
    default:
      return valueSchema(field, rules, context)
  }
}

/** Keys are strings in JSON, so that only the limits of strings can be stated. */
function keySchema(scalar: ScalarType, rules: JsonObject, context: SchemaContext): Schema | undefined {
  if (scalar !== ScalarType.STRING) return mapKeySchema(scalar)
  const { type: _, ...limits } = valueSchema({ scalar }, rules, context)
  return Object.keys(limits).length === 0 ? undefined : { type: 'string', ...limits }
}

function isNullable(field: DescField, form: JsonForm): boolean {
  if (field.fieldKind !== 'message') return false
  return wrappedScalar(field.message) !== undefined || (form.emitsNull && field.oneof === undefined)
}

/** `required` means a value other than zero where a field has no presence. */
function notZero(field: DescField, form: JsonForm): Schema {
  if (field.presence !== Presence.IMPLICIT) return {}
  const zero = zeroOf(field, form)
  if (zero === '') return { minLength: 1 }
  if (Array.isArray(zero)) return { minItems: 1 }
  return typeof zero === 'object' ? { minProperties: 1 } : { not: { const: zero } }
}

function zeroOf(field: DescField, form: JsonForm): JsonData {
  switch (field.fieldKind) {
    case 'list':
      return []
    case 'enum':
      return enumText(field.enum, 0, form)
    case 'scalar':
      return scalarZero(field.scalar)
    default:
      return {}
  }
}

function scalarZero(scalar: ScalarType): JsonData {
  if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES) return ''
  if (scalar === ScalarType.BOOL) return false
  return isLongInteger(scalarSchema(scalar)) ? '0' : 0
}

/** Rules can have examples. They are values of the field, which is also its JSON, except for enums, which rarely have examples. */
function exampleOf(field: DescField): Schema {
  if (field.fieldKind !== 'scalar') return {}
  const { example } = scalarRules(rulesOf(field) ?? {}, field.scalar)
  const examples = Array.isArray(example)
    ? example.filter((value): value is NonNullable<JsonValue> => value !== null)
    : []
  return examples.length === 0 ? {} : { examples: examples as readonly JsonData[] }
}
