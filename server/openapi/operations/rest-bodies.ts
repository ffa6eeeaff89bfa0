/** The bodies of operations of REST. */
import type { DescField } from '@bufbuild/protobuf'
import { sendsStream, takesStream } from '../../rpc/protocols/rest/binding/check-rule.ts'
import type { HttpBinding } from '../../rpc/protocols/rest/binding/http-binding.ts'
import { isHttpBody } from '../../rpc/protocols/rest/response/http-body.ts'
import type { StreamForm } from '../../rpc/protocols/rest/rest-options.ts'
import type { Content, RequestBody, Schema } from '../model/document.ts'
import { fieldSchema, isRequired } from '../schemas/field-schema.ts'
import { messageSchema } from '../schemas/message-schema.ts'
import { orNull, type SchemaContext, valueSchema } from '../schemas/value-schema.ts'
import { inlineSchema, namedSchema } from '../schemas/well-known-schema.ts'
import { leftOutOf } from './left-out.ts'
import { type OperationContext, requestContext, responseContext } from './operation-context.ts'
import { requestStream, responseStream } from './stream-content.ts'

/** A body of any media type, whose octets are a field of `google.api.HttpBody`. */
const RAW: Content = { '*/*': {} }

/** Returns the body of requests; undefined if they have none. An empty body is an empty message, which lacks what is required. */
export function requestBody(binding: HttpBinding, operations: OperationContext): RequestBody | undefined {
  const { body, method } = binding
  if (body === null) return undefined
  const context = requestContext(operations)
  const message = body === '*' ? method.input : body.message
  const isStream = takesStream(method)
  const isSingle = body === '*' || body.fieldKind === 'message'
  if (isSingle && isHttpBody(message)) return { content: RAW }
  const { description, ...item } = bodySchema(binding, context)
  const required = body === '*' ? hasRequired(binding, context) : isRequired(body, context)
  return {
    ...(description !== undefined && !('title' in item) && { description }),
    ...(required && !isStream && { required }),
    content: isStream
      ? requestStream({ item, failure: null, version: operations.version })
      : { 'application/json': { schema: item } },
  }
}

/** Returns the body of successful responses. */
export function responseContent(
  { method, responseBody }: HttpBinding,
  operations: OperationContext,
  { failure, defaultForm }: { failure: Schema; defaultForm: StreamForm },
): Content {
  const context = responseContext(operations)
  const message = responseBody === null ? method.output : responseBody.message
  const isSingle = responseBody === null || responseBody.fieldKind === 'message'
  if (isSingle && isHttpBody(message)) return RAW
  const item =
    responseBody === null ? valueSchema({ message: method.output }, {}, context) : fieldBody(responseBody, context)
  if (!sendsStream(method)) return { 'application/json': { schema: item } }
  return responseStream({ item, failure, version: operations.version }, defaultForm)
}

function bodySchema(binding: HttpBinding, context: SchemaContext): Schema {
  const { body, method } = binding
  const leftOut = leftOutOf(binding)
  if (body === '*') {
    return leftOut.size === 0
      ? valueSchema({ message: method.input }, {}, context)
      : messageSchema(method.input, context, leftOut)
  }
  if (body === null) return {}
  return leftOut.size === 0 || body.message === undefined
    ? fieldSchema(body, context)
    : messageSchema(body.message, context, leftOut)
}

function hasRequired(binding: HttpBinding, context: SchemaContext): boolean {
  const leftOut = leftOutOf(binding)
  return binding.method.input.fields.some(
    (field) => !leftOut.has(field) && context.declarations.isVisible(field) && isRequired(field, context),
  )
}

/** A message that is unset is empty, or null if its JSON is not an object. */
function fieldBody(field: DescField, context: SchemaContext): Schema {
  const schema = fieldSchema(field, context)
  const message = field.fieldKind === 'message' ? field.message : undefined
  const isValue = message !== undefined && (inlineSchema(message) ?? namedSchema(message)?.type === 'array')
  return isValue && !context.form.emitsNull ? orNull(schema) : schema
}
