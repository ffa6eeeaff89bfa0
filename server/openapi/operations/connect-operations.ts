/** The operations of Connect's unary calls (https://connectrpc.com/docs/protocol). Its streams have frames, which OpenAPI has no words for. */
import type { DescMethod } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt'
import type { Operation, Parameter } from '../model/document.ts'
import { valueSchema } from '../schemas/value-schema.ts'
import { errorResponses } from './error-responses.ts'
import {
  methodTexts,
  type OperationContext,
  type PlacedOperation,
  requestContext,
  responseContext,
} from './operation-context.ts'

/** Returns the operations of a method: a POST, and a GET if it changes nothing. */
export function connectOperations(
  method: DescMethod,
  { requiresVersion }: { requiresVersion: boolean },
  operations: OperationContext,
): PlacedOperation[] {
  if (method.methodKind !== 'unary') return []
  const path = `/${method.parent.typeName}/${method.name}`
  const post = { path, verb: 'POST', operation: postOperation(method, requiresVersion, operations) }
  if (method.idempotency !== Idempotency.NO_SIDE_EFFECTS) return [post]
  return [post, { path, verb: 'GET', operation: getOperation(method, requiresVersion, operations) }]
}

function postOperation(method: DescMethod, requiresVersion: boolean, operations: OperationContext): Operation {
  const context = requestContext(operations)
  const version: Parameter = {
    name: 'Connect-Protocol-Version',
    in: 'header',
    description: 'The version of the protocol.',
    ...(requiresVersion && { required: true }),
    schema: { type: 'string', enum: ['1'] },
  }
  return {
    ...commonParts(method, 'connect', operations),
    parameters: [version],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: valueSchema({ message: method.input }, {}, context) } },
    },
    ...outcome(method, operations),
  }
}

function getOperation(method: DescMethod, requiresVersion: boolean, operations: OperationContext): Operation {
  const schema = valueSchema({ message: method.input }, {}, requestContext(operations))
  return {
    ...commonParts(method, 'connect-get', operations),
    parameters: [
      {
        name: 'message',
        in: 'query',
        description: 'The request.',
        required: true,
        content: { 'application/json': { schema } },
      },
      {
        name: 'encoding',
        in: 'query',
        description: 'The format of the message.',
        required: true,
        schema: { type: 'string', enum: ['json'] },
      },
      {
        name: 'connect',
        in: 'query',
        description: 'The version of the protocol.',
        ...(requiresVersion && { required: true }),
        schema: { type: 'string', enum: ['v1'] },
      },
    ],
    ...outcome(method, operations),
  }
}

function commonParts(method: DescMethod, kind: string, operations: OperationContext) {
  return {
    operationId: `${method.parent.typeName}.${method.name}-${kind}`,
    tags: [operations.tagOf(method)],
    ...methodTexts(method, operations),
  }
}

function outcome(method: DescMethod, operations: OperationContext): Pick<Operation, 'responses' | 'security'> {
  const schema = valueSchema({ message: method.output }, {}, responseContext(operations))
  const access = operations.accessOf(method)
  return {
    responses: {
      200: { description: 'The call succeeded.', content: { 'application/json': { schema } } },
      ...errorResponses('connect', access),
    },
    ...(access.security !== null && { security: access.security }),
  }
}
