/** The bodies of errors, and what can be read from them again. */
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { BadRequestSchema } from '../../../../../../gen/google/rpc/error_details_pb.js'
import {
  codeInBody,
  type ErrorWriting,
  errorJson,
  errorValue,
  type SentError,
} from '../../../../../../server/rpc/protocols/rest/errors/error-body.ts'
import {
  httpStatusOf,
  refusalCode,
  withHttpStatus,
} from '../../../../../../server/rpc/protocols/rest/errors/http-status.ts'
import { resolveRestOptions } from '../../../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import {
  ERROR_FORMS,
  type ErrorForm,
  type RestJsonOptions,
} from '../../../../../../server/rpc/protocols/rest/rest-options.ts'

const CODES = Object.values(Code).filter((code) => typeof code === 'number')

function writing(form: ErrorForm): ErrorWriting {
  return { form, registry: undefined, json: resolveRestOptions().jsonOptions }
}

function sent(code: Code): SentError {
  const error = new ConnectError('say "no"\n', code)
  return { error, code, httpStatus: httpStatusOf(error) }
}

describe.each(ERROR_FORMS)('the form %s', (form) => {
  test.each(CODES)('keeps the code %i in every place', (code) => {
    const body = errorJson(sent(code), writing(form))
    const value = errorValue(sent(code), writing(form))
    expect(JSON.parse(body)).toBeTypeOf('object')
    const late = [`{"a":1}\n{"error":${value}}\n`, `{"error":${value}}\n`, `event: error\ndata: ${value}\n\n`]
    for (const text of [body, `${body}\n`, ...late]) {
      expect([text, codeInBody(sent(code).httpStatus, Buffer.from(text))]).toEqual([text, code])
    }
    for (const text of late) expect([text, codeInBody(200, Buffer.from(text))]).toEqual([text, code])
  })
})

test.each([
  '',
  '{',
  '[]',
  '7',
  'null',
  '{"code":0}',
  '{"code":99}',
  '{"code":"NOTHING"}',
  '{"__proto__":{"code":3}}',
  'page',
])('no code is read from %j', (text) => {
  expect(codeInBody(500, Buffer.from(text))).toBeUndefined()
})

test.each([
  '{"code":5}',
  '{"status":"NOT_FOUND"}',
  '{"code":3,"status":"ABORTED"}\n',
  '{"a":1}\n{"code":5}\n',
  'data: {"code":5}\n\n',
  'id: 1\ndata: {"status":"NOT_FOUND"}\n\n',
])('the message %j is no error', (text) => {
  expect(codeInBody(200, Buffer.from(text))).toBeUndefined()
})

test.each<[RestJsonOptions, object]>([
  [{}, { fieldViolations: [{ field: 'a' }] }],
  [{ useProtoFieldName: true }, { field_violations: [{ field: 'a' }] }],
  [{ alwaysEmitImplicit: true }, { fieldViolations: [{ field: 'a', description: '', reason: '' }] }],
  [
    { emitUnpopulated: true },
    { fieldViolations: [{ field: 'a', description: '', reason: '', localizedMessage: null }] },
  ],
])('details are written with the options %j', (jsonOptions, json) => {
  const value = create(BadRequestSchema, { fieldViolations: [{ field: 'a' }] })
  const error = new ConnectError('bad', Code.InvalidArgument, undefined, [{ desc: BadRequestSchema, value }])
  const { jsonOptions: settings } = resolveRestOptions({ jsonOptions })
  const body = errorJson(
    { error, code: error.code, httpStatus: 400 },
    { form: 'status', registry: undefined, json: settings },
  )
  expect(JSON.parse(body).details).toEqual([{ '@type': 'type.googleapis.com/google.rpc.BadRequest', ...json }])
})

test('an error may have a more exact status than its code', () => {
  const error = new ConnectError('large', Code.ResourceExhausted)
  expect(httpStatusOf(error)).toBe(429)
  expect(httpStatusOf(withHttpStatus(error, 413))).toBe(413)
})

test('a refusal has the code that its HTTP status means', () => {
  expect([
    refusalCode(Code.Unimplemented, 404),
    refusalCode(Code.Internal, 400),
    refusalCode(Code.Unimplemented, 405),
    refusalCode(Code.Internal, 500),
  ]).toEqual([Code.NotFound, Code.InvalidArgument, Code.Unimplemented, Code.Internal])
})
