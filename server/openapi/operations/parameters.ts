/** The parameters of operations of REST, in the path and in the query. */
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { FieldBehavior } from '../../../gen/google/api/field_behavior_pb.js'
import { areRivals } from '../../rpc/protocols/rest/binding/field-path.ts'
import type { HttpBinding } from '../../rpc/protocols/rest/binding/http-binding.ts'
import { isTextType } from '../../rpc/protocols/rest/binding/text-type-of.ts'
import type { Parameter, Schema } from '../model/document.ts'
import { hasBehavior } from '../schemas/declarations.ts'
import { fieldName, isRequired, textSchema } from '../schemas/field-schema.ts'
import type { SchemaContext } from '../schemas/value-schema.ts'
import { namedSchema } from '../schemas/well-known-schema.ts'
import type { PathVariable } from './described-path.ts'

/** Deeper fields can be set, and are not listed: they would bury the others. */
const MAX_STEPS = 5

/** How parameters are written. */
export interface ParameterStyle {
  /** Whether a path parameter can say that its slashes stay as they are, which OpenAPI 3.2 has. */
  readonly hasReservedPaths: boolean
  /** Whether the query can set entries of maps. */
  readonly hasMapEntries: boolean
}

/**
 * Returns the parameter of a variable of the path.
 *
 * @param named the name that the document has for it, and the value of its field in the path; null if the variable is the whole value
 */
export function pathParameter(
  { field, isMulti }: PathVariable,
  { name, whole }: { name: string; whole: string | null },
  { context, style }: { context: SchemaContext; style: ParameterStyle },
): Parameter {
  const { description, ...schema }: Schema =
    field === null || whole !== null ? { type: 'string' } : textSchema(field, context)
  const texts = [
    field === null ? undefined : context.declarations.commentOf(field),
    description,
    whole === null ? undefined : `Part of \`${field?.name}\`, which is \`${whole}\`.`,
    isMulti ? 'May have several segments: its slashes stay as they are.' : undefined,
  ]
  return {
    name,
    in: 'path',
    ...describe(texts),
    required: true,
    ...(field?.deprecated && { deprecated: true }),
    ...(isMulti && style.hasReservedPaths && { allowReserved: true }),
    schema,
  }
}

/** Returns the parameters of the query: fields of the request that neither the path nor the body sets. */
export function queryParameters(binding: HttpBinding, context: SchemaContext, style: ParameterStyle): Parameter[] {
  if (binding.body === '*') return []
  const walk: QueryWalk = { binding, context, style }
  return parametersOf(binding.method.input, { fields: [], messages: [binding.method.input] }, walk)
}

interface QueryWalk {
  readonly binding: HttpBinding
  readonly context: SchemaContext
  readonly style: ParameterStyle
}

/** The way to a message. */
interface Trail {
  readonly fields: readonly DescField[]
  /** A type that contains itself is listed once. */
  readonly messages: readonly DescMessage[]
}

function parametersOf(message: DescMessage, trail: Trail, walk: QueryWalk): Parameter[] {
  return message.fields.flatMap((field) => {
    const fields = [...trail.fields, field]
    if (!walk.context.declarations.isVisible(field) || isElsewhere(fields, walk.binding)) return []
    if (hasBehavior(field, FieldBehavior.OUTPUT_ONLY)) return []
    if (field.fieldKind === 'map' && !walk.style.hasMapEntries) return []
    if (isTextType(field)) return isNull(field) ? [] : [parameterOf(fields, walk)]
    const inner = field.fieldKind === 'message' ? field.message : undefined
    if (inner === undefined || namedSchema(inner) !== undefined) return []
    if (trail.messages.includes(inner) || fields.length >= MAX_STEPS) return []
    return parametersOf(inner, { fields, messages: [...trail.messages, inner] }, walk)
  })
}

/** A field that the path or the body sets, or that is in a oneof with one. */
function isElsewhere(fields: readonly DescField[], { body, variables }: HttpBinding): boolean {
  if (body !== null && body !== '*' && (fields[0] === body || areRivals(fields, [body]))) return true
  return variables.some(({ fields: bound }) => areRivals(fields, bound) || isSamePath(fields, bound))
}

function isSamePath(some: readonly DescField[], others: readonly DescField[]): boolean {
  return some.length === others.length && some.every((field, index) => field === others[index])
}

function isNull(field: DescField): boolean {
  return field.enum?.typeName === 'google.protobuf.NullValue'
}

function parameterOf(fields: readonly DescField[], { context }: QueryWalk): Parameter {
  const field = fields.at(-1) as DescField
  const { description, ...schema } = textSchema(field, context)
  const rivals = rivalsOf(fields, context)
  const texts = [
    context.declarations.commentOf(field),
    description,
    rivals.length === 0 ? undefined : `Excludes ${rivals.map((name) => `\`${name}\``).join(', ')}.`,
  ]
  const isNeeded = fields.every((each) => isRequired(each, context))
  return {
    name: nameOf(fields, context),
    in: 'query',
    ...describe(texts),
    ...(isNeeded && { required: true }),
    ...(fields.some((each) => each.deprecated) && { deprecated: true }),
    ...(field.fieldKind === 'list' && { style: 'form', explode: true }),
    ...(field.fieldKind === 'map' && { style: 'deepObject', explode: true }),
    ...(rivals.length > 0 && { 'x-excludes': rivals }),
    schema,
  }
}

/** The fields and messages that share a oneof with a field, or with a message around it. */
function rivalsOf(fields: readonly DescField[], context: SchemaContext): string[] {
  return fields.flatMap((field, step) => {
    const others = field.oneof?.fields.filter((other) => other !== field && context.declarations.isVisible(other)) ?? []
    return others.map((other) => nameOf([...fields.slice(0, step), other], context))
  })
}

function nameOf(fields: readonly DescField[], { form }: SchemaContext): string {
  return fields.map((field) => fieldName(field, form)).join('.')
}

function describe(texts: readonly (string | undefined)[]): { description?: string } {
  const description = texts.filter(Boolean).join('\n\n')
  return description === '' ? {} : { description }
}
