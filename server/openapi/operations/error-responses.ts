/** The responses to calls that fail. */
import type { DescMessage } from '@bufbuild/protobuf'
import { AnySchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.js'
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js'
import { errorJson } from '../../rpc/protocols/rest/errors/error-body.ts'
import { httpStatusOf } from '../../rpc/protocols/rest/errors/http-status.ts'
import type { ErrorForm, RestSettings } from '../../rpc/protocols/rest/rest-options.ts'
import type { Content, JsonData, Response, Schema } from '../model/document.ts'
import { COMPONENT } from '../schemas/schema-registry.ts'
import { type SchemaContext, valueSchema } from '../schemas/value-schema.ts'
import type { Access } from './access.ts'
import { errorLine } from './stream-content.ts'

/** The details that are described by default. */
export const USUAL_DETAILS: readonly DescMessage[] = [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema]

/** Where responses are that operations share. */
export const RESPONSES = '#/components/responses/'

/** The names of other components are those of protobuf types, which have no hyphens. */
const REST_ERROR = 'rest-error'
const PROBLEM = 'rest-problem'
const CONNECT_ERROR = 'connect-error'

/** The statuses that operations name, and what they mean. Any other has the default. */
const STATUSES = {
  400: { name: 'invalid', description: 'The request is not valid.', code: Code.InvalidArgument },
  401: { name: 'unauthenticated', description: 'Valid credentials are missing.', code: Code.Unauthenticated },
  403: { name: 'denied', description: 'The caller may not do this.', code: Code.PermissionDenied },
  // A request that is in no protocol has an answer in none.
  415: { name: 'unsupported', description: 'The content type is not one of Connect.', code: Code.Unknown },
  default: { name: 'error', description: 'The call failed.', code: Code.NotFound },
} as const

type Status = keyof typeof STATUSES

/** The error codes of Connect (https://connectrpc.com/docs/protocol#error-codes). */
const CONNECT_CODES = Object.values(Code)
  .filter((code) => typeof code === 'number')
  .map((code) => codeToString(code))

/** What a protocol adds to the components. */
export interface ErrorComponents {
  readonly schemas: Readonly<Record<string, Schema>>
  readonly responses: Readonly<Record<string, Response>>
}

/** Returns the responses of an operation, besides the successful one. */
export function errorResponses(
  protocol: 'rest' | 'rest-stream' | 'connect',
  access: Access,
): Readonly<Record<string, Response>> {
  const statuses: Status[] = [
    400,
    ...(access.canBeUnauthenticated ? ([401] as const) : []),
    ...(access.canBeDenied ? ([403] as const) : []),
    ...(protocol === 'connect' ? ([415] as const) : []),
    'default',
  ]
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `${RESPONSES}${protocol}-${STATUSES[status].name}` }]),
  )
}

/**
 * Returns the components of REST's errors. Clients can choose problem details in any case. With the envelope of grpc-gateway, a stream
 * that fails before its first message has one too, except around problem details.
 */
export function restErrors(
  { errors: form, streams, jsonOptions }: Pick<RestSettings, 'errors' | 'streams' | 'jsonOptions'>,
  details: readonly DescMessage[],
  context: SchemaContext,
): ErrorComponents {
  const list = detailList(details, context)
  const problem: Schema = { $ref: COMPONENT + PROBLEM }
  const own = errorSchema(form, context)
  const contentOf = (code: Code): Content => ({
    ...(form !== 'problem' && { 'application/json': { schema: own, example: exampleOf(form, code, jsonOptions) } }),
    'application/problem+json': { schema: problem, example: exampleOf('problem', code, jsonOptions) },
  })
  const line = errorLine(streamError(form, context))
  const streamContentOf = (code: Code): Content => ({
    ...contentOf(code),
    ...(form !== 'problem' && { 'application/json': { schema: { anyOf: [line, own] } } }),
  })
  return {
    schemas: {
      [PROBLEM]: problemSchema(list),
      ...(form === 'aip193' && { [REST_ERROR]: apiErrorSchema(list) }),
    },
    responses: {
      ...responsesOf('rest', contentOf),
      ...(streams.defaultFormat === 'envelope' && responsesOf('rest-stream', streamContentOf)),
    },
  }
}

/** Returns the schema of an error that is a part of a stream. */
export function streamError(form: ErrorForm, context: SchemaContext): Schema {
  if (form === 'aip193') return { $ref: `${COMPONENT}${REST_ERROR}/properties/error` }
  return form === 'problem' ? { $ref: COMPONENT + PROBLEM } : errorSchema(form, context)
}

/** Returns the components of Connect's errors. */
export function connectErrors(): ErrorComponents {
  const schema: Schema = { $ref: COMPONENT + CONNECT_ERROR }
  const { name, description } = STATUSES[415]
  const unsupported = {
    [`connect-${name}`]: { description, content: { 'text/plain': { schema: { type: 'string' } } } },
  }
  const contentOf = (code: Code): Content => ({
    'application/json': { schema, example: { code: codeToString(code), message: messageOf(code) } },
  })
  return {
    schemas: { [CONNECT_ERROR]: CONNECT_SCHEMA },
    responses: { ...responsesOf('connect', contentOf), ...unsupported },
  }
}

/** Describes the details of `google.rpc.Status`, which its own descriptor does not. */
export function withDetails(status: Schema, details: readonly DescMessage[], context: SchemaContext): Schema {
  return { ...status, properties: { ...status.properties, details: detailList(details, context) } }
}

function responsesOf(protocol: string, contentOf: (code: Code) => Content): Readonly<Record<string, Response>> {
  return Object.fromEntries(
    Object.values(STATUSES).map(({ name, description, code }) => [
      `${protocol}-${name}`,
      { description, content: contentOf(code) },
    ]),
  )
}

/** Returns the body that servers send. */
function exampleOf(form: ErrorForm, code: Code, json: RestSettings['jsonOptions']): JsonData {
  const error = new ConnectError(messageOf(code), code)
  const sent = { error, code, httpStatus: httpStatusOf(error) }
  return JSON.parse(errorJson(sent, { form, registry: undefined, json })) as JsonData
}

function messageOf(code: Code): string {
  return codeToString(code).replaceAll('_', ' ')
}

function errorSchema(form: ErrorForm, context: SchemaContext): Schema {
  return form === 'aip193' ? { $ref: COMPONENT + REST_ERROR } : valueSchema({ message: StatusSchema }, {}, context)
}

function detailList(details: readonly DescMessage[], context: SchemaContext): Schema {
  const any = valueSchema({ message: AnySchema }, {}, context)
  const typed = details.map((message): Schema => {
    const type = { const: `type.googleapis.com/${message.typeName}` }
    return { ...valueSchema({ message }, {}, context), properties: { '@type': type }, required: ['@type'] }
  })
  return {
    type: 'array',
    description: 'More about the error. Each has its type in `@type`.',
    items: typed.length === 0 ? any : { anyOf: [...typed, any] },
  }
}

function problemSchema(details: Schema): Schema {
  return {
    type: 'object',
    title: 'Problem',
    description: 'Problem details (RFC 9457).',
    properties: {
      type: { type: 'string', format: 'uri-reference' },
      title: { type: 'string', description: 'The text of the HTTP status.' },
      status: { type: 'integer', description: 'The HTTP status.' },
      detail: { type: 'string', description: 'What went wrong.' },
      code: { type: 'string', description: 'The name of the code in google/rpc/code.proto, such as `NOT_FOUND`.' },
      details,
    },
    required: ['type', 'title', 'status', 'detail', 'code'],
  }
}

/** AIP-193. */
function apiErrorSchema(details: Schema): Schema {
  const error: Schema = {
    type: 'object',
    properties: {
      code: { type: 'integer', description: 'The HTTP status.' },
      message: { type: 'string', description: 'What went wrong.' },
      status: { type: 'string', description: 'The name of the code in google/rpc/code.proto, such as `NOT_FOUND`.' },
      details,
    },
    required: ['code', 'message', 'status'],
  }
  return { type: 'object', title: 'Error', properties: { error }, required: ['error'] }
}

const CONNECT_SCHEMA: Schema = {
  type: 'object',
  title: 'Error',
  properties: {
    code: { type: 'string', enum: CONNECT_CODES },
    message: { type: 'string', description: 'What went wrong.' },
    details: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          type: { type: 'string', description: 'The full name of the type of the detail.' },
          value: { type: 'string', description: 'The message in base64, without padding.', contentEncoding: 'base64' },
          debug: { description: 'The message as JSON.' },
        },
        required: ['type', 'value'],
      },
    },
  },
  required: ['code'],
}
