import { expect, test } from 'vitest'
import { resolveRestOptions } from '../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import { LibraryService } from '../../../gen/library/v1/library_pb.js'
import { documentOf } from '../../../support/openapi-documents.ts'

test('errors have the form of the settings, and problem details for clients that ask', () => {
  const contentOf = (errors: 'status' | 'problem' | 'aip193') => {
    const { responses = {} } = documentOf(LibraryService, { rest: resolveRestOptions({ errors }) }).components
    return responses['rest-invalid']?.content ?? {}
  }
  expect(contentOf('status')).toMatchObject({
    'application/json': { schema: { $ref: '#/components/schemas/google.rpc.Status' }, example: { code: 3 } },
    'application/problem+json': { example: { status: 400, title: 'Bad Request', code: 'INVALID_ARGUMENT' } },
  })
  expect(Object.keys(contentOf('problem'))).toEqual(['application/problem+json'])
  expect(contentOf('aip193')['application/json']?.example).toEqual({
    error: { code: 400, message: 'invalid argument', status: 'INVALID_ARGUMENT' },
  })
})

test('errors of streams have the envelope or not, and problem details never', () => {
  const contentOf = (errors: 'status' | 'problem') => {
    const rest = resolveRestOptions({ errors, streams: { defaultFormat: 'envelope' } })
    return documentOf(LibraryService, { rest }).components.responses?.['rest-stream-invalid']?.content ?? {}
  }
  expect(contentOf('status')['application/json']?.schema?.anyOf).toMatchObject([
    { required: ['error'] },
    { $ref: '#/components/schemas/google.rpc.Status' },
  ])
  expect(Object.keys(contentOf('problem'))).toEqual(['application/problem+json'])
})
