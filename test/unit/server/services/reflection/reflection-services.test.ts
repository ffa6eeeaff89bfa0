import { toBinary } from '@bufbuild/protobuf'
import { Code, createClient, createRouterTransport } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import {
  ServerReflection as V1,
  ServerReflectionResponseSchema as V1ResponseSchema,
} from '../../../../../gen/grpc/reflection/v1/reflection_pb.js'
import {
  ServerReflection as V1Alpha,
  ServerReflectionResponseSchema as V1AlphaResponseSchema,
} from '../../../../../gen/grpc/reflection/v1alpha/reflection_pb.js'
import { createReflectionServices } from '../../../../../server/services/reflection/reflection-services.ts'
import { collect } from '../../../../support/collect.ts'
import { SAMPLE_SERVICE } from './sample-files.ts'

const REQUESTS = [
  { host: 'a', messageRequest: { case: 'listServices', value: '*' } },
  { host: 'b', messageRequest: { case: 'fileByFilename', value: 'sample/api.proto' } },
  { host: 'b', messageRequest: { case: 'fileByFilename', value: 'no.proto' } },
  { host: '', messageRequest: { case: 'fileContainingSymbol', value: 'sample.Base' } },
  {
    host: 'c',
    messageRequest: {
      case: 'fileContainingExtension',
      value: { containingType: 'sample.Base', extensionNumber: 120 },
    },
  },
  { host: 'c', messageRequest: { case: 'allExtensionNumbersOfType', value: 'sample.Base' } },
] as const

test('responses are in request order, with host and request echoed', async () => {
  const responses = await collect(clients().v1.serverReflectionInfo(each(REQUESTS)))
  expect(responses.map((response) => response.validHost)).toEqual(['a', 'b', 'b', '', 'c', 'c'])
  expect(responses.map((response) => response.originalRequest)).toMatchObject(REQUESTS)
  expect(responses.map((response) => response.messageResponse.case)).toEqual([
    'listServicesResponse',
    'fileDescriptorResponse',
    'errorResponse',
    'fileDescriptorResponse',
    'fileDescriptorResponse',
    'allExtensionNumbersResponse',
  ])
})

test('reflection lists itself', async () => {
  const [response] = await collect(clients().v1.serverReflectionInfo(each(REQUESTS.slice(0, 1))))
  expect(response?.messageResponse.value).toMatchObject({
    service: [
      { name: 'grpc.reflection.v1.ServerReflection' },
      { name: 'grpc.reflection.v1alpha.ServerReflection' },
      { name: 'sample.Api' },
    ],
  })
})

test('RF-4 v1 and v1alpha respond with equal bytes', async () => {
  const { v1, v1alpha } = clients()
  const ours = await collect(v1.serverReflectionInfo(each(REQUESTS)))
  const theirs = await collect(v1alpha.serverReflectionInfo(each(REQUESTS)))
  expect(ours).toHaveLength(REQUESTS.length)
  expect(ours.map((response) => toBinary(V1ResponseSchema, response))).toEqual(
    theirs.map((response) => toBinary(V1AlphaResponseSchema, response)),
  )
})

test('an empty request ends the stream after the responses before it', async () => {
  const responses = clients()
    .v1.serverReflectionInfo(each([...REQUESTS.slice(0, 1), {}]))
    [Symbol.asyncIterator]()
  expect(await responses.next()).toMatchObject({ value: { messageResponse: { case: 'listServicesResponse' } } })
  await expect(responses.next()).rejects.toMatchObject({ code: Code.InvalidArgument })
})

test.each([0, -1, 1.5, Number.NaN, 2_147_483_648])('rejects maxResponseBytes of %d', (maxResponseBytes) => {
  expect(() => createReflectionServices([SAMPLE_SERVICE], { maxResponseBytes })).toThrow(
    new RangeError(`maxResponseBytes must be a whole number from 1 to 2147483647, is ${maxResponseBytes}`),
  )
})

test('maxResponseBytes limits the files of a response', async () => {
  const { v1 } = clients({ maxResponseBytes: 1 })
  const [response] = await collect(v1.serverReflectionInfo(each(REQUESTS.slice(1, 2))))
  expect(response?.messageResponse.value).toMatchObject({ errorCode: Code.ResourceExhausted })
})

function clients(options?: { maxResponseBytes: number }) {
  const transport = createRouterTransport((router) => {
    const [v1, v1alpha] = createReflectionServices([SAMPLE_SERVICE], options)
    router.service(v1.service, v1.implementation).service(v1alpha.service, v1alpha.implementation)
  })
  return { v1: createClient(V1, transport), v1alpha: createClient(V1Alpha, transport) }
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}
