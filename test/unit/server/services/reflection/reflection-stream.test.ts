import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '../../../../../gen/grpc/reflection/v1/reflection_pb.js'
import { DescriptorIndex } from '../../../../../server/services/reflection/descriptor-index.ts'
import { type ReflectionAnswer, ReflectionStream } from '../../../../../server/services/reflection/reflection-stream.ts'
import { SAMPLE_BYTES, SAMPLE_SERVICE } from './sample-files.ts'

const API = 'sample/api.proto'
const LEFT = 'sample/left.proto'
const RIGHT = 'sample/right.proto'
const BASE = 'sample/base.proto'

type Ask = ServerReflectionRequest['messageRequest']

test('a file is sent with its imports, breadth first', () => {
  const ask = newStream()
  expect(filesOf(ask({ case: 'fileByFilename', value: API }))).toEqual([API, LEFT, RIGHT, BASE])
})

test('a symbol and an extension return the file that declares them', () => {
  expect(filesOf(newStream()({ case: 'fileContainingSymbol', value: 'sample.Level' }))).toEqual([RIGHT, BASE])
  expect(filesOf(newStream()(extensionOf('sample.Base', 120)))).toEqual([LEFT, BASE])
})

test('RF-2 an import is sent once per stream, but an explicitly requested file is sent again', () => {
  const ask = newStream()
  expect(filesOf(ask({ case: 'fileByFilename', value: LEFT }))).toEqual([LEFT, BASE])
  expect(filesOf(ask({ case: 'fileByFilename', value: API }))).toEqual([API, RIGHT])
  expect(filesOf(ask({ case: 'fileByFilename', value: BASE }))).toEqual([BASE])
  expect(filesOf(ask({ case: 'fileByFilename', value: API }))).toEqual([API])
})

test('streams are independent', () => {
  newStream()({ case: 'fileByFilename', value: API })
  expect(filesOf(newStream()({ case: 'fileByFilename', value: LEFT }))).toEqual([LEFT, BASE])
})

test.each<[string, Ask, string]>([
  ['a file', { case: 'fileByFilename', value: 'no.proto' }, 'file no.proto not found'],
  ['a symbol', { case: 'fileContainingSymbol', value: 'no.Symbol' }, 'symbol no.Symbol not found'],
  ['an extension', extensionOf('sample.Base', 7), 'extension 7 of sample.Base not found'],
  ['the message of an extension', extensionOf('no.Message', 120), 'extension 120 of no.Message not found'],
  ['a message', { case: 'allExtensionNumbersOfType', value: 'no.Message' }, 'message no.Message not found'],
])('RF-3 an unknown %s is an error response', (_what, request, errorMessage) => {
  const ask = newStream()
  expect(ask(request)).toEqual({ case: 'errorResponse', value: { errorCode: 5, errorMessage } })
  expect(filesOf(ask({ case: 'fileByFilename', value: BASE }))).toEqual([BASE])
})

test('extension numbers come with the message name; none is an empty list', () => {
  const ask = newStream()
  expect(ask({ case: 'allExtensionNumbersOfType', value: 'sample.Base' })).toEqual({
    case: 'allExtensionNumbersResponse',
    value: { baseTypeName: 'sample.Base', extensionNumber: [101, 120] },
  })
  expect(ask({ case: 'allExtensionNumbersOfType', value: 'sample.Plain' })).toEqual({
    case: 'allExtensionNumbersResponse',
    value: { baseTypeName: 'sample.Plain', extensionNumber: [] },
  })
})

test('ignores the argument of list_services', () => {
  const ask = newStream()
  const services = { case: 'listServicesResponse', value: { service: [{ name: 'sample.Api' }] } }
  for (const value of ['', '*', 'other']) expect(ask({ case: 'listServices', value })).toEqual(services)
})

test('an empty request fails with INVALID_ARGUMENT', () => {
  const failure = catchError(() => newStream()({ case: undefined }))
  expect(failure).toMatchObject({ code: Code.InvalidArgument, rawMessage: 'message_request is not set' })
})

test('imports that exceed the response size are left out, and sent on request', () => {
  const ask = newStream(sizeOf(API) + sizeOf(LEFT) + sizeOf(RIGHT))
  expect(filesOf(ask({ case: 'fileByFilename', value: API }))).toEqual([API, LEFT, RIGHT])
  expect(filesOf(ask({ case: 'fileByFilename', value: RIGHT }))).toEqual([RIGHT, BASE])
})

test('a file above the response size is an error response', () => {
  const ask = newStream(sizeOf(API) - 1)
  expect(ask({ case: 'fileByFilename', value: API })).toEqual({
    case: 'errorResponse',
    value: { errorCode: 8, errorMessage: `file ${API} is larger than an answer may be` },
  })
  expect(filesOf(ask({ case: 'fileByFilename', value: BASE }))).toEqual([BASE])
})

test('an error repeats only the beginning of a long name, even if that splits a character', () => {
  const answer = newStream()({ case: 'fileContainingSymbol', value: `x${'🙂'.repeat(500)}` })
  const response = create(ServerReflectionResponseSchema, { messageResponse: answer })
  const { messageResponse } = fromBinary(
    ServerReflectionResponseSchema,
    toBinary(ServerReflectionResponseSchema, response),
  )
  if (messageResponse.case !== 'errorResponse') throw new Error(`answered with ${messageResponse.case}`)
  expect(messageResponse.value.errorMessage).toMatch(/^symbol x🙂+.?\.\.\. not found$/u)
  expect(messageResponse.value.errorMessage.length).toBeLessThan(230)
})

function newStream(maxResponseBytes = 1_000_000): (ask: Ask) => ReflectionAnswer {
  const stream = new ReflectionStream(new DescriptorIndex([SAMPLE_SERVICE]), maxResponseBytes)
  return (messageRequest) => stream.answer(create(ServerReflectionRequestSchema, { messageRequest }))
}

function filesOf(answer: ReflectionAnswer): string[] {
  if (answer.case !== 'fileDescriptorResponse') throw new Error(`answered with ${answer.case}`)
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)
}

function extensionOf(containingType: string, extensionNumber: number): Ask {
  const { messageRequest } = create(ServerReflectionRequestSchema, {
    messageRequest: { case: 'fileContainingExtension', value: { containingType, extensionNumber } },
  })
  return messageRequest
}

function sizeOf(file: string): number {
  return SAMPLE_BYTES.get(file)?.length ?? Number.NaN
}

function catchError(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error instanceof ConnectError ? error : new Error('not a ConnectError')
  }
}
