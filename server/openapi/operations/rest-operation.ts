/** The operations of REST. */
import { sendsStream } from '../../rpc/protocols/rest/binding/check-rule.ts'
import type { HttpBinding } from '../../rpc/protocols/rest/binding/http-binding.ts'
import type { RestSettings } from '../../rpc/protocols/rest/rest-options.ts'
import type { Operation } from '../model/document.ts'
import { type DescribedPath, spanText, variablesOf } from './described-path.ts'
import { errorResponses, streamError } from './error-responses.ts'
import { methodTexts, type OperationContext, requestContext, responseContext } from './operation-context.ts'
import { pathParameter, queryParameters } from './parameters.ts'
import { requestBody, responseContent } from './rest-bodies.ts'

/** Describes a binding, whose variables have these names in the document. */
export function restOperation(
  binding: HttpBinding,
  { path, names, settings }: { path: DescribedPath; names: readonly string[]; settings: RestSettings },
  operations: OperationContext,
): Operation {
  const { method, index } = binding
  const context = requestContext(operations)
  const style = { hasReservedPaths: operations.version !== '3.1', hasMapEntries: settings.query.mapEntries }
  const pathParameters = variablesOf(path).map((variable, at) => {
    const whole = variable.span && spanText(path, variable.span, names)
    return pathParameter(variable, { name: names[at] ?? variable.name, whole }, { context, style })
  })
  const parameters = [...pathParameters, ...queryParameters(binding, context, style)]
  const body = requestBody(binding, operations)
  const access = operations.accessOf(method)
  const failure = streamError(settings.errors, responseContext(operations))
  const content = responseContent(binding, operations, { failure, defaultForm: settings.streams.defaultFormat })
  const errorKind = sendsStream(method) && settings.streams.defaultFormat === 'envelope' ? 'rest-stream' : 'rest'
  return {
    operationId: `${method.parent.typeName}.${method.name}${index === 0 ? '' : `-${index}`}`,
    tags: [operations.tagOf(method)],
    ...methodTexts(method, operations, notesOf(binding)),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: body }),
    responses: { 200: { description: 'The call succeeded.', content }, ...errorResponses(errorKind, access) },
    ...(access.security !== null && { security: access.security }),
  }
}

function notesOf({ method }: HttpBinding): readonly string[] {
  if (method.methodKind !== 'bidi_streaming') return []
  return ['Both sides stream at the same time, which needs HTTP/2.']
}
