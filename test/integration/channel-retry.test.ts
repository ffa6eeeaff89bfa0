import { create, toBinary } from '@bufbuild/protobuf'
import { type Client, Code, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RetryPolicy } from '../../client/node/service-config/method-config.ts'
import { GreeterService, PutStreamResponseSchema, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelop } from '../../wire/envelope.ts'
import { ErrorCode, type Http2Stream } from '../../wire/http2/http2.ts'
import { openChannelTransport } from '../support/channel-transport.ts'
import { collect } from '../support/collect.ts'
import { configOf } from '../support/config-of.ts'
import { type Answer, GRPC_HEAD, type GrpcServer, refuse, startGrpcServer } from '../support/grpc-server.ts'

const UNAVAILABLE = 14
const OK = [{ name: 'grpc-status', value: '0' }]
const POLICY: RetryPolicy = {
  maxAttempts: 4,
  initialBackoffMs: 1,
  maxBackoffMs: 1,
  backoffMultiplier: 1,
  retryableCodes: new Set([Code.Unavailable]),
}

async function serve(answer: Answer, init: { policy?: Partial<RetryPolicy> | null } = {}) {
  const server = await startGrpcServer(answer)
  const policy = init.policy === null ? null : { ...POLICY, ...init.policy }
  const parts = { config: configOf({ retryPolicy: policy }) }
  const { transport, close } = openChannelTransport({ port: server.port, parts })
  onTestFinished(close)
  const client: Client<typeof GreeterService> = createClient(GreeterService, transport)
  return { server, client }
}

function hello(stream: Http2Stream): void {
  const message = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'hello' }))
  stream.reply(GRPC_HEAD, envelop(0, message), OK)
}

function attemptsOf({ heads }: GrpcServer) {
  return heads.map((head) => head.get('grpc-previous-rpc-attempts'))
}

test('RT-1 three failures, then success: the server receives the attempt count', async () => {
  const { server, client } = await serve((stream, { attempt }) => {
    if (attempt < 3) refuse(stream, UNAVAILABLE)
    else hello(stream)
  })
  expect(await client.sayHello({})).toMatchObject({ message: 'hello' })
  expect(attemptsOf(server)).toEqual([undefined, '1', '2', '3'])
})

test('reports the last failure', async () => {
  const { server, client } = await serve((stream, { attempt }) =>
    refuse(stream, UNAVAILABLE, { 'grpc-message': `attempt ${attempt}` }),
  )
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable, rawMessage: 'attempt 3' })
  expect(server.heads).toHaveLength(4)
})

test('RT-2 other codes are not retried', async () => {
  const { server, client } = await serve((stream) => refuse(stream, Code.NotFound))
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.NotFound })
  expect(server.heads).toHaveLength(1)
})

test('RT-3 an error after headers is not retried, as the call was committed', async () => {
  const { server, client } = await serve((stream) => {
    stream.respond(GRPC_HEAD)
    stream.sendTrailers([{ name: 'grpc-status', value: String(UNAVAILABLE) }])
  })
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  expect(server.heads).toHaveLength(1)
})

test('RT-4 does not retry a server whose pushback forbids it', async () => {
  const { server, client } = await serve((stream) => refuse(stream, UNAVAILABLE, { 'grpc-retry-pushback-ms': '-1' }))
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  expect(server.heads).toHaveLength(1)
})

describe('without a policy', () => {
  test('RT-7 retries a refused stream once, without counting it', async () => {
    const answer: Answer = (stream, { attempt }) =>
      attempt === 0 ? stream.reset(ErrorCode.REFUSED_STREAM) : hello(stream)
    const { server, client } = await serve(answer, { policy: null })
    expect(await client.sayHello({})).toMatchObject({ message: 'hello' })
    expect(attemptsOf(server)).toEqual([undefined, undefined])
  })

  test('RT-7 but only once', async () => {
    const { server, client } = await serve((stream) => stream.reset(ErrorCode.REFUSED_STREAM), { policy: null })
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
    expect(server.heads).toHaveLength(2)
  })

  test('RT-8 no call that races with a GOAWAY is lost', async () => {
    const { client } = await serve(
      (stream, { attempt, session }) => {
        hello(stream)
        if (attempt % 10 === 0) session.close()
      },
      { policy: null },
    )
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(Array.from({ length: 25 }, () => client.sayHello({})))
      expect(answers).toHaveLength(25)
    }
  })
})

describe('RT-10 a client stream', () => {
  async function* input(count: number, data: string) {
    for (let i = 0; i < count; i++) yield { topic: 't', data }
  }

  /** Waits for the whole request, and fails the first time. */
  const failOnce: Answer = (stream, { attempt }) => {
    const answer = () => {
      if (attempt === 0) {
        refuse(stream, UNAVAILABLE)
        return
      }
      const accepted = BigInt(stream.readableBytes)
      const message = toBinary(PutStreamResponseSchema, create(PutStreamResponseSchema, { accepted }))
      stream.reply(GRPC_HEAD, envelop(0, message), OK)
    }
    stream.sink = { onHead() {}, onWritable() {}, onReset() {}, onReadable: answer }
    if (stream.want(100_000_000)) answer()
  }

  test('is replayed unchanged', async () => {
    const { client } = await serve(failOnce)
    const { accepted } = await client.putStream(input(10, 'x'.repeat(100)))
    expect(accepted).toBe(10n * BigInt(5 + 3 + 102))
  })

  test.each([
    ['long messages', 10, 'x'.repeat(60_000)],
    ['many messages', 40_000, ''],
  ])('above the replay buffer is not: %s', async (_why, count, data) => {
    const { server, client } = await serve(failOnce)
    await expect(client.putStream(input(count, data))).rejects.toMatchObject({ code: Code.Unavailable })
    expect(server.heads).toHaveLength(1)
  })
})

test.each([
  ['255 KiB', 255, 4],
  ['257 KiB', 257, 1],
])('RT-10 a unary message of %s is sent at most %i times', async (_what, kib, expected) => {
  const { server, client } = await serve((stream) => {
    const answer = () => refuse(stream, UNAVAILABLE)
    stream.sink = { onHead() {}, onWritable() {}, onReset() {}, onReadable: answer }
    if (stream.want(100_000_000)) answer()
  })
  await expect(client.sayHello({ name: 'x'.repeat(kib * 1024) })).rejects.toMatchObject({ code: Code.Unavailable })
  expect(server.heads).toHaveLength(expected)
})

test('RT-7 retries a unary message of any size that no server has processed', async () => {
  const { server, client } = await serve(
    (stream, { attempt }) => (attempt === 0 ? stream.reset(ErrorCode.REFUSED_STREAM) : hello(stream)),
    { policy: null },
  )
  expect(await client.sayHello({ name: 'x'.repeat(300 * 1024) })).toMatchObject({ message: 'hello' })
  expect(server.heads).toHaveLength(2)
})

test('RT-11 DL-5 a deadline that passes between two attempts ends the call', async () => {
  const { server, client } = await serve((stream) => refuse(stream, UNAVAILABLE), {
    policy: { initialBackoffMs: 60_000, maxBackoffMs: 60_000 },
  })
  await expect(client.sayHello({}, { timeoutMs: 150 })).rejects.toMatchObject({ code: Code.DeadlineExceeded })
  expect(server.heads).toHaveLength(1)
})

describe('status', () => {
  test.each([
    [400, Code.Internal],
    [401, Code.Unauthenticated],
    [403, Code.PermissionDenied],
    [404, Code.Unimplemented],
    [429, Code.Unavailable],
    [503, Code.Unavailable],
    [500, Code.Unknown],
    [200, Code.Unknown],
  ])('HTTP %i without grpc-status', async (status, code) => {
    const fields = [{ name: ':status', value: String(status) }]
    const { client } = await serve((stream) => stream.respond(fields, true), { policy: null })
    await expect(client.sayHello({})).rejects.toMatchObject({ code })
  })

  test.each([
    [ErrorCode.NO_ERROR, Code.Internal],
    [ErrorCode.INTERNAL_ERROR, Code.Internal],
    [ErrorCode.CANCEL, Code.Canceled],
    [ErrorCode.ENHANCE_YOUR_CALM, Code.ResourceExhausted],
    [ErrorCode.INADEQUATE_SECURITY, Code.PermissionDenied],
  ])('RST_STREAM %i', async (reset, code) => {
    const { client } = await serve((stream) => stream.reset(reset), { policy: null })
    await expect(client.sayHello({})).rejects.toMatchObject({ code })
  })

  test('a response that is not gRPC', async () => {
    const head = [
      { name: ':status', value: '200' },
      { name: 'content-type', value: 'text/html' },
    ]
    const { client } = await serve((stream) => stream.reply(head, Buffer.from('<html>'), null), { policy: null })
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unknown })
  })

  test.each([
    ['unary', (client: Client<typeof GreeterService>) => client.sayHello({})],
    ['stream', (client: Client<typeof GreeterService>) => collect(client.getStream({}))],
  ])('in the headers of a response with a body is ignored, %s', async (_mode, call) => {
    const head = [...GRPC_HEAD, { name: 'grpc-status', value: '9' }]
    const { client } = await serve((stream) => stream.reply(head, envelop(0, X), null), { policy: null })
    await expect(call(client)).rejects.toMatchObject({ code: Code.Unknown })
  })

  test('OK without a message, and with two, is UNIMPLEMENTED', async () => {
    const { client } = await serve(
      (stream, { attempt }) =>
        stream.reply(GRPC_HEAD, attempt === 0 ? new Uint8Array(0) : Buffer.concat([envelop(0, X), envelop(0, X)]), OK),
      { policy: null },
    )
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unimplemented })
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unimplemented })
  })
})

const X = new Uint8Array(0)
