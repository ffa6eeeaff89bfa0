import { fileURLToPath } from 'node:url'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { ConnectRouter } from '@connectrpc/connect'
import { status } from '@grpc/grpc-js'
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader'
import { beforeEach, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type StartedApp, startRoutes } from '../support/demo-server.ts'
import { GrpcJsClient } from '../support/grpc-js-client.ts'

const PROTOS = new URL('../../node_modules/@grpc/reflection/build/proto/grpc/reflection/', import.meta.url)
const LOADING = { keepCase: true, enums: String, defaults: true, oneofs: true }
const VERSIONS = ['v1', 'v1alpha'] as const

let server: StartedApp

beforeEach(async () => {
  server = await startRoutes({
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
  })
})

test.each(VERSIONS)(
  'RF-1 a third-party client lists the services over %s, and calls them by the schema',
  async (version) => {
    const files = new Map<string, FileDescriptorProto>()
    const services = await withReflection(version, async (ask) => {
      const { list_services_response: list } = await ask({ list_services: '*' })
      const names = list?.service.map((service) => service.name) ?? []
      for (const name of names) {
        const { file_descriptor_response: response } = await ask({ file_containing_symbol: name })
        for (const bytes of response?.file_descriptor_proto ?? []) {
          const file = fromBinary(FileDescriptorProtoSchema, bytes)
          files.set(file.name, file)
        }
      }
      return names
    })
    expect(services).toEqual([
      'greeter.v1.GreeterService',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ])
    const set = create(FileDescriptorSetSchema, { file: [...files.values()] })
    const learned = loadFileDescriptorSetFromBuffer(Buffer.from(toBinary(FileDescriptorSetSchema, set)), LOADING)
    const client = new GrpcJsClient(server.port, learned)
    try {
      const greeting = await client.callUnary('greeter.v1.GreeterService', 'SayHello', { name: 'Ada' })
      expect(greeting).toEqual({ message: 'Hello Ada' })
      expect(await client.callUnary('grpc.health.v1.Health', 'Check', {})).toEqual({ status: 'SERVING' })
    } finally {
      client.close()
    }
  },
)

test.each([
  ['by names', ['greeter.v1.GreeterService'], ['greeter.v1.GreeterService']],
  ['by beginnings of names', ['grpc.health.'], ['grpc.health.v1.Health']],
  ['none', [], []],
])('an allow-list shows the services that it names: %s', async (_, servesReflection, listed) => {
  server = await startRoutes({
    routes: (router) => router.service(GreeterService, { sayHello: () => ({}) }),
    servesReflection,
  })
  await withReflection('v1', async (ask) => {
    const { list_services_response: list } = await ask({ list_services: '' })
    const names = list?.service.map(({ name }) => name).filter((name) => !name.startsWith('grpc.reflection.'))
    expect(names).toEqual(listed)
    for (const hidden of ['greeter.v1.GreeterService', 'grpc.health.v1.Health']) {
      const answer = await ask({ file_containing_symbol: hidden })
      expect(answer.file_descriptor_response != null).toBe(listed.includes(hidden))
    }
  })
})

test('an allow-list with a service that is not served fails at start', async () => {
  const routes = (router: ConnectRouter) => void router.service(GreeterService, {})
  await expect(startRoutes({ routes, servesReflection: ['shop.v1.', 'greeter.v1.Greeter'] })).rejects.toThrow(
    'reflection of shop.v1., greeter.v1.Greeter: no such service is served',
  )
})

test('RF-3 an error and then a success on one stream', async () => {
  await withReflection('v1', async (ask) => {
    expect(await ask({ file_containing_symbol: 'no.Symbol' })).toMatchObject({
      error_response: { error_code: status.NOT_FOUND, error_message: 'symbol no.Symbol not found' },
      original_request: { file_containing_symbol: 'no.Symbol' },
    })
    const { file_descriptor_response: response } = await ask({ file_by_filename: 'greeter/v1/greeter.proto' })
    const files = response?.file_descriptor_proto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)
    expect(files).toEqual([
      'greeter/v1/greeter.proto',
      'google/api/annotations.proto',
      'google/protobuf/timestamp.proto',
      'portico/options/v1/options.proto',
      'google/api/http.proto',
      'google/protobuf/descriptor.proto',
    ])
  })
})

test('an empty request ends the stream with INVALID_ARGUMENT', async () => {
  await withReflection('v1', async (ask) => {
    await expect(ask({})).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  })
})

/** The fields of a ServerReflectionResponse that the tests read, with their proto names. */
interface Response {
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] }
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] }
}

/** Runs one reflection stream, asking one thing after the other. */
async function withReflection<Result>(
  version: (typeof VERSIONS)[number],
  run: (ask: (request: object) => Promise<Response>) => Promise<Result>,
): Promise<Result> {
  const definitions = loadSync(fileURLToPath(new URL(`${version}/reflection.proto`, PROTOS)), LOADING)
  const client = new GrpcJsClient(server.port, definitions)
  try {
    const stream = client.callBidiStream(`grpc.reflection.${version}.ServerReflection`, 'ServerReflectionInfo')
    const responses = stream[Symbol.asyncIterator]()
    const result = await run(async (request) => {
      stream.write(request)
      return (await responses.next()).value
    })
    stream.end()
    expect(await responses.next()).toMatchObject({ done: true })
    return result
  } finally {
    client.close()
  }
}
