/** What the operations of a protocol are written with. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Operation } from '../model/document.ts'
import type { OpenApiVersion } from '../model/openapi-options.ts'
import type { Declarations } from '../schemas/declarations.ts'
import type { JsonForms } from '../schemas/json-form.ts'
import type { SchemaRegistry } from '../schemas/schema-registry.ts'
import type { SchemaContext } from '../schemas/value-schema.ts'
import type { Access } from './access.ts'

/** What operations share. */
export interface OperationContext {
  readonly registry: SchemaRegistry
  readonly declarations: Declarations
  readonly forms: JsonForms
  readonly version: OpenApiVersion
  readonly accessOf: (method: DescMethod) => Access
  /** The tag of the operations of a service. */
  readonly tagOf: (method: DescMethod) => string
}

/** An operation and its place in the document. */
export interface PlacedOperation {
  readonly path: string
  /** The HTTP method in upper case. */
  readonly verb: string
  readonly operation: Operation
}

/** Returns what the schemas of requests are written with. */
export function requestContext({ registry, declarations, forms }: OperationContext): SchemaContext {
  return { registry, declarations, form: forms.request }
}

/** Returns what the schemas of responses are written with. */
export function responseContext({ registry, declarations, forms }: OperationContext): SchemaContext {
  return { registry, declarations, form: forms.response }
}

/** Returns the summary, the description and the state of a method, for its operations. */
export function methodTexts(
  method: DescMethod,
  { declarations }: OperationContext,
  notes: readonly string[] = [],
): Pick<Operation, 'summary' | 'description' | 'deprecated'> {
  const { summary = method.name, description } = declarations.textsOf(method)
  const text = [description, ...notes].filter(Boolean).join('\n\n')
  const isDeprecated = method.deprecated || method.parent.deprecated
  return { summary, ...(text !== '' && { description: text }), ...(isDeprecated && { deprecated: true }) }
}
