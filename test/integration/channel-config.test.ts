import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Client, Code, createContextValues } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ResolverFactory } from '../../client/node/contracts/resolver.ts'
import { staticResolver } from '../../client/node/resolver/static-resolver.ts'
import { waitForReady } from '../../client/node/rpc/wait-for-ready.ts'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService, SayHelloRequestSchema, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import type { Compression } from '../../wire/compression/compression.ts'
import { COMPRESSIONS, type CompressionName } from '../../wire/compression/compression-choice.ts'
import { envelop } from '../../wire/envelope.ts'
import { GRPC_HEAD, refuse, startGrpcServer } from '../support/grpc-server.ts'
import { type NativeServer, startNativeServer } from '../support/native-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { retryConfig } from '../support/retry-config.ts'
import { untilAborted } from '../support/until-aborted.ts'

type Greeter = Client<typeof GreeterService>

async function serve(): Promise<NativeServer> {
  const server = await startNativeServer((router) => {
    router.service(GreeterService, {
      async sayHello({ name }, { requestHeader, signal }) {
        if (name === 'wait') await untilAborted(signal)
        return { message: name === 'timeout' ? `${requestHeader.get('grpc-timeout')}` : `Hello ${name}` }
      },
    })
  })
  onTestFinished(() => server.close())
  return server
}

function connect(options: TransportOptions): Greeter {
  return openGreeter(options).client
}

/** Finds the port, and says this of the service. */
function resolved(port: number, json: unknown): TransportOptions {
  const addresses = [{ host: '127.0.0.1', port }]
  const service = { endpoints: [{ addresses, attributes: {} }], serviceConfig: { json } }
  return { target: 'static:///greeter', resolvers: [staticResolver({ greeter: service })] }
}

function methodConfig(fields: object): object {
  return { methodConfig: [{ name: [{ service: GreeterService.typeName, method: 'SayHello' }], ...fields }] }
}

describe('service config from the resolver', () => {
  test('applies from the first call on', async () => {
    const { port } = await serve()
    const greeter = connect(resolved(port, methodConfig({ timeout: '0.15s' })))
    await expect(greeter.sayHello({ name: 'wait' })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: expect.stringContaining('150 ms'),
    })
  })

  test('limits message sizes in both directions', async () => {
    const { port } = await serve()
    const limits = methodConfig({ maxRequestMessageBytes: 10, maxResponseMessageBytes: 13 })
    const greeter = connect(resolved(port, limits))
    expect(await greeter.sayHello({ name: 'Ada' })).toMatchObject({ message: 'Hello Ada' })
    for (const name of ['Augusta', 'Augusta Ada King']) {
      await expect(greeter.sayHello({ name })).rejects.toMatchObject({ code: Code.ResourceExhausted })
    }
  })

  test('is ignored when the application disables it', async () => {
    const { port } = await serve()
    const options = resolved(port, methodConfig({ maxRequestMessageBytes: 0 }))
    const greeter = connect({ ...options, serviceConfigFromResolver: false })
    expect(await greeter.sayHello({ name: 'Ada' })).toMatchObject({ message: 'Hello Ada' })
  })

  test("SC-3 if invalid, keeps the application's config, and fails calls without one", async () => {
    const { port } = await serve()
    const options = resolved(port, { methodConfig: 'none' })
    const greeter = connect({ ...options, serviceConfig: methodConfig({ maxRequestMessageBytes: 5 }) })
    expect(await greeter.sayHello({ name: 'Ada' })).toMatchObject({ message: 'Hello Ada' })
    await expect(greeter.sayHello({ name: 'Augusta' })).rejects.toMatchObject({ code: Code.ResourceExhausted })
    await expect(connect(options).sayHello({})).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringContaining('invalid service config'),
    })
  })
})

test('RT-5 failed calls are retried until half of the tokens are used', async () => {
  const server = await startGrpcServer((stream) => refuse(stream, Code.Unavailable))
  const serviceConfig = { ...retryConfig(2, 'UNAVAILABLE'), retryThrottling: { maxTokens: 10, tokenRatio: 0.1 } }
  const greeter = connect({ target: `ipv4:127.0.0.1:${server.port}`, serviceConfig })
  const attempts: number[] = []
  for (let call = 0; call < 5; call++) {
    const before = server.heads.length
    await expect(greeter.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
    attempts.push(server.heads.length - before)
  }
  expect(attempts).toEqual([2, 2, 1, 1, 1])
})

test('policies are ignored when the application disables them', async () => {
  const server = await startGrpcServer((stream) => refuse(stream, Code.Unavailable))
  const hedgingPolicy = { maxAttempts: 5, nonFatalStatusCodes: ['UNAVAILABLE'] }
  const serviceConfig = methodConfig({ hedgingPolicy })
  const greeter = connect({ target: `ipv4:127.0.0.1:${server.port}`, serviceConfig, retry: false })
  await expect(greeter.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  expect(server.heads).toHaveLength(1)
})

test('CB-3 wait-for-ready comes from the config, unless the call overrides it', async () => {
  const { port, close } = await serve()
  await close()
  const options = { target: `ipv4:127.0.0.1:${port}`, serviceConfig: methodConfig({ waitForReady: true }) }
  const greeter = connect(options)
  await expect(greeter.sayHello({}, { timeoutMs: 500 })).rejects.toMatchObject({
    code: Code.DeadlineExceeded,
    rawMessage: expect.stringContaining('ECONNREFUSED'),
  })
  const contextValues = createContextValues().set(waitForReady, false)
  await expect(greeter.sayHello({}, { contextValues })).rejects.toMatchObject({ code: Code.Unavailable })
})

test('an invalid target fails calls at once', async () => {
  const broken: ResolverFactory = {
    scheme: 'broken',
    defaultAuthority: () => 'broken.test',
    create() {
      throw new RangeError('there is no such place')
    },
  }
  const greeter = connect({ target: 'broken:///greeter', resolvers: [broken] })
  await expect(greeter.sayHello({})).rejects.toMatchObject({
    code: Code.Unavailable,
    rawMessage: expect.stringContaining('there is no such place'),
  })
})

test('DL-5 a deadline that passes before the name is resolved', async () => {
  const silent: ResolverFactory = {
    scheme: 'silent',
    defaultAuthority: () => 'silent.test',
    create: () => ({ start() {}, resolveNow() {}, close() {} }),
  }
  const greeter = connect({ target: 'silent:///greeter', resolvers: [silent] })
  await expect(greeter.sayHello({}, { timeoutMs: 50 })).rejects.toMatchObject({
    code: Code.DeadlineExceeded,
    rawMessage: 'the deadline of 50 ms passed while the target was being resolved',
  })
})

test.each([
  [60_000, /^5\d{7}u$|^60000000u$/],
  [60_000_000, /^5\d{7}m$|^60000000m$/],
  [2_147_483_647, /^214748[34]S$/],
])('DL-4 a server receives the remainder of %i ms', async (timeoutMs, expected) => {
  const { port } = await serve()
  const greeter = connect({ target: `ipv4:127.0.0.1:${port}` })
  await greeter.sayHello({})
  const { message } = await greeter.sayHello({ name: 'timeout' }, { timeoutMs })
  expect(message).toMatch(expected)
})

describe('compression', () => {
  /** Answers with the flags of the envelope, the encoding, and the name in it. */
  async function unpack(compression: Compression | undefined) {
    const server = await startGrpcServer((stream, { head }) => {
      const answer = async () => {
        const [flags = 0] = stream.read(5)
        const data = stream.read(stream.readableBytes)
        const plain = flags === 1 && compression ? await compression.decompress(data, 10_000) : data
        const { name } = fromBinary(SayHelloRequestSchema, plain)
        const message = `${flags} ${head.get('grpc-encoding')} ${name}`
        const body = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message }))
        stream.reply(GRPC_HEAD, envelop(0, body), [{ name: 'grpc-status', value: '0' }])
      }
      stream.sink = { onHead() {}, onWritable() {}, onReset() {}, onReadable: () => void answer() }
      if (stream.want(10_000)) void answer()
    })
    return server
  }

  test.each(COMPRESSIONS)('$name compresses messages above the threshold', async (compression) => {
    const { port } = await unpack(compression)
    const sendCompression = compression.name as CompressionName
    const greeter = connect({ target: `ipv4:127.0.0.1:${port}`, sendCompression, compressMinBytes: 100 })
    expect(await greeter.sayHello({ name: 'Ada' })).toMatchObject({ message: `0 ${sendCompression} Ada` })
    for (const length of [1_000, 9_000]) {
      const long = 'x'.repeat(length)
      expect(await greeter.sayHello({ name: long })).toMatchObject({ message: `1 ${sendCompression} ${long}` })
    }
  })

  test('rejects an encoding that Node does not support', () => {
    const sendCompression = 'lzw' as CompressionName
    expect(() => createTransport({ baseUrl: 'http://a', sendCompression })).toThrow('sendCompression is "lzw"')
  })
})
