import { randomUUID } from 'node:crypto'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { Interceptor } from '@connectrpc/connect'
import { compressionAlgorithms, Metadata, type StatusObject, status } from '@grpc/grpc-js'
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { CallProbe } from '../support/call-probe.ts'
import { testCertificates } from '../support/certificates.ts'
import { collect } from '../support/collect.ts'
import { type StartedApp, startDemo } from '../support/demo-server.ts'
import { LOADING, loadDefinitions } from '../support/greeter-definitions.ts'
import { GrpcJsClient, type GrpcJsClientOptions } from '../support/grpc-js-client.ts'

const DEFINITIONS = loadDefinitions()
const GREETER = 'greeter.v1.GreeterService'
const HEALTH = 'grpc.health.v1.Health'
const REFLECTION = 'grpc.reflection.v1.ServerReflection'
const EVERY_BYTE = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte))

describe.each([{ security: 'cleartext' }, { security: 'TLS' }])('grpc-js over $security', ({ security }) => {
  let app: StartedApp
  let client: GrpcJsClient
  let topic: string
  let probe: CallProbe
  let ca: string | undefined
  let encodings: (string | null)[]

  const noteEncoding: Interceptor = (next) => (request) => {
    encodings.push(request.header.get('grpc-encoding'))
    return next(request)
  }

  beforeEach(async () => {
    const certificates = await testCertificates()
    ca = security === 'TLS' ? certificates.ca : undefined
    probe = new CallProbe()
    encodings = []
    topic = `grpc-js/${randomUUID()}`
    app = await startDemo({
      listen: ca === undefined ? {} : { tls: certificates.server },
      interceptors: [probe.interceptor, noteEncoding],
      compatIntervalMs: 1,
    })
    client = openClient()
  })

  function openClient(options: GrpcJsClientOptions = {}, definitions = DEFINITIONS): GrpcJsClient {
    const opened = new GrpcJsClient(app.port, definitions, { ...options, ...(ca === undefined ? {} : { ca }) })
    onTestFinished(() => opened.close())
    return opened
  }

  test('greeter.v1.GreeterService in all four modes', async () => {
    expect(await client.callUnary(GREETER, 'SayHello', { name: 'Ada' })).toEqual({ message: 'Hello Ada' })
    const { stream, answer } = client.callClientStream(GREETER, 'PutStream')
    for (const data of ['one', 'two']) stream.write({ topic, data })
    stream.end()
    expect(await answer).toEqual({
      accepted: '2',
      last_sequence: { [topic]: '2' },
      last_epoch: { [topic]: expect.any(String) },
    })
    const kept = client.callServerStream(GREETER, 'GetStream', { topic, after_sequence: 0, limit: 2 })
    expect(await collect(kept)).toMatchObject([
      { sequence: '1', data: 'one', missed: '0' },
      { sequence: '2', data: 'two', missed: '0' },
    ])
    const chat = client.callBidiStream(GREETER, 'AllStream')
    const messages = chat[Symbol.asyncIterator]()
    chat.write({ topic, data: 'three' })
    expect(await messages.next()).toMatchObject({ value: { topic, sequence: '3', data: 'three' } })
    chat.write({ topic, data: 'four' })
    expect(await messages.next()).toMatchObject({ value: { topic, sequence: '4', data: 'four' } })
    chat.end()
    expect(await messages.next()).toMatchObject({ done: true })
  })

  test('the package-less Greeter in all four modes', async () => {
    expect(await client.callUnary('Greeter', 'SayHello', { name: 'Ada' })).toEqual({ message: 'Hello Ada' })
    const dates = await collect(client.callServerStream('Greeter', 'GetStream', { data: 'x' }))
    expect(dates).toHaveLength(11)
    const { stream, answer } = client.callClientStream('Greeter', 'PutStream')
    for (const data of ['one', 'two', 'three']) stream.write({ data })
    stream.end()
    expect(await answer).toEqual({ data: '3' })
    const talk = client.callBidiStream('Greeter', 'AllStream')
    const lines = talk[Symbol.asyncIterator]()
    talk.write({ data: 'hello' })
    for (let count = 0; count < 2; count++) expect((await lines.next()).value).toEqual({ data: '我是服务器' })
    talk.end()
    expect((await collect({ [Symbol.asyncIterator]: () => lines })).every(({ data }) => data === '我是服务器')).toBe(
      true,
    )
  })

  test('proto.Greeter', async () => {
    expect(await client.callUnary('proto.Greeter', 'Hello', { msg: 'echo' })).toEqual({ msg: 'echo' })
  })

  test('metadata goes both ways, every byte value', async () => {
    const metadata = metadataOf(probe.expectCall().headers)
    metadata.set('echo-text', 'a, b')
    metadata.set('echo-bin', EVERY_BYTE)
    const header = Promise.withResolvers<Metadata>()
    const end = Promise.withResolvers<StatusObject>()
    await client.callUnary(
      GREETER,
      'SayHello',
      { name: 'Ada' },
      {
        metadata,
        onCall: (call) => call.on('metadata', header.resolve).on('status', end.resolve),
      },
    )
    expect((await header.promise).get('echo-text')).toEqual(['a, b'])
    expect((await header.promise).get('echo-bin')).toEqual([EVERY_BYTE])
    expect((await end.promise).metadata.get('trailer-echo-text')).toEqual(['a, b'])
    expect((await end.promise).metadata.get('trailer-echo-bin')).toEqual([EVERY_BYTE])
  })

  test('an error has its status, in every kind of method', async () => {
    const bad = { topic: 'not a topic', data: 'x' }
    // Connect percent-encodes more than gRPC asks for, and grpc-js decodes no more than gRPC asks for.
    const invalid = { code: status.INVALID_ARGUMENT, details: expect.stringMatching(/^topic(?::|%3A) /) }
    await expect(client.callUnary(GREETER, 'Publish', bad)).rejects.toMatchObject(invalid)
    await expect(collect(client.callServerStream(GREETER, 'GetStream', bad))).rejects.toMatchObject(invalid)
    const { stream, answer } = client.callClientStream(GREETER, 'PutStream')
    stream.write(bad)
    await expect(answer).rejects.toMatchObject(invalid)
    const chat = client.callBidiStream(GREETER, 'AllStream')
    chat.write(bad)
    await expect(collect(chat)).rejects.toMatchObject(invalid)
    const stocks = { topic: 'stocks/ACME', data: '1' }
    await expect(client.callUnary(GREETER, 'Publish', stocks)).rejects.toMatchObject({ code: status.PERMISSION_DENIED })
    const long = { topic, data: 'x'.repeat(64 * 1024 + 1) }
    await expect(client.callUnary(GREETER, 'Publish', long)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  })

  test('an unknown method is UNIMPLEMENTED', async () => {
    const unserved = Object.fromEntries(
      Object.entries(DEFINITIONS[HEALTH] ?? {}).map(([name, method]) => [
        name,
        { ...method, path: `/no.Service/${name}` },
      ]),
    )
    const stranger = openClient({}, { 'no.Service': unserved } as typeof DEFINITIONS)
    await expect(stranger.callUnary('no.Service', 'Check', {})).rejects.toMatchObject({ code: status.UNIMPLEMENTED })
  })

  test('health: Check, Watch and List', async () => {
    expect(await client.callUnary(HEALTH, 'Check', { service: GREETER })).toEqual({ status: 'SERVING' })
    await expect(client.callUnary(HEALTH, 'Check', { service: 'no.Service' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    })
    const listed = { status: 'SERVING' }
    expect(await client.callUnary(HEALTH, 'List', {})).toEqual({
      statuses: { '': listed, [GREETER]: listed, Greeter: listed, 'proto.Greeter': listed },
    })
    const watch = client.callServerStream(HEALTH, 'Watch', { service: GREETER })
    const statuses = watch[Symbol.asyncIterator]()
    expect((await statuses.next()).value).toEqual({ status: 'SERVING' })
    app.health.setStatus(GREETER, 'NOT_SERVING')
    expect((await statuses.next()).value).toEqual({ status: 'NOT_SERVING' })
    watch.cancel()
    await expect(statuses.next()).rejects.toMatchObject({ code: status.CANCELLED })
  })

  test('reflection: a generic client lists every service, and calls them by the schema', async () => {
    const files = new Map<string, FileDescriptorProto>()
    const stream = client.callBidiStream(REFLECTION, 'ServerReflectionInfo')
    const answers = stream[Symbol.asyncIterator]()
    const ask = async (request: object) => {
      stream.write(request)
      return (await answers.next()).value
    }
    const { list_services_response: list } = await ask({ list_services: '*' })
    const names: string[] = list.service.map(({ name }: { name: string }) => name)
    for (const name of names) {
      const { file_descriptor_response: response } = await ask({ file_containing_symbol: name })
      for (const bytes of response.file_descriptor_proto) {
        const file = fromBinary(FileDescriptorProtoSchema, bytes)
        files.set(file.name, file)
      }
    }
    stream.end()
    expect(await answers.next()).toMatchObject({ done: true })
    const standard = [HEALTH, REFLECTION, 'grpc.reflection.v1alpha.ServerReflection']
    expect(names.toSorted()).toEqual([GREETER, 'Greeter', 'proto.Greeter', ...standard].toSorted())
    const set = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...files.values()] }))
    const learned = openClient({}, loadFileDescriptorSetFromBuffer(Buffer.from(set), LOADING))
    expect(await learned.callUnary(GREETER, 'Publish', { topic, data: 'x' })).toEqual({
      sequence: '1',
      epoch: expect.any(String),
    })
    expect(await learned.callUnary('Greeter', 'SayHello', { name: 'Ada' })).toEqual({ message: 'Hello Ada' })
    expect(await learned.callUnary('proto.Greeter', 'Hello', { msg: 'echo' })).toEqual({ msg: 'echo' })
  })

  test('a cancelled call is cancelled at the server', async () => {
    const unary = probe.expectCall({ hangs: true })
    const options = { metadata: metadataOf(unary.headers) }
    const answer = client.callUnary(
      GREETER,
      'SayHello',
      {},
      { ...options, onCall: (call) => cancelAfter(unary.begun, call) },
    )
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED })
    expect(await unary.aborted).toBeInstanceOf(Error)
    const streaming = probe.expectCall()
    const stream = client.callServerStream(GREETER, 'GetStream', { topic }, { metadata: metadataOf(streaming.headers) })
    cancelAfter(streaming.begun, stream)
    await expect(collect(stream)).rejects.toMatchObject({ code: status.CANCELLED })
    expect(await streaming.aborted).toBeInstanceOf(Error)
  })

  test('a deadline ends the call at both ends', async () => {
    // The deadline counts from before the connection is made, so there must be one.
    await client.callUnary(GREETER, 'SayHello', {})
    const call = probe.expectCall({ hangs: true })
    const options = { metadata: metadataOf(call.headers), deadline: Date.now() + 1_000 }
    await expect(client.callUnary(GREETER, 'SayHello', {}, options)).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    })
    expect(await call.aborted).toBeInstanceOf(Error)
  })

  test('accepts requests compressed with gzip', async () => {
    const gzip = openClient({ channel: { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip } })
    const name = 'Ada '.repeat(10_000)
    expect(await gzip.callUnary(GREETER, 'SayHello', { name })).toEqual({ message: `Hello ${name}` })
    expect(encodings).toEqual(['gzip'])
  })
})

function metadataOf(headers: Record<string, string>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}

async function cancelAfter(event: Promise<unknown>, call: { cancel(): void }): Promise<void> {
  await event
  call.cancel()
}
