import { create, toBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import type { HedgingPolicyJson } from '../../client/node/service-config/grpc-service-config.ts'
import { SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelop } from '../../wire/envelope.ts'
import { ErrorCode, type Http2Stream, type StreamReset } from '../../wire/http2/http2.ts'
import { type Answer, GRPC_HEAD, type GrpcServer, refuse, startGrpcServer } from '../support/grpc-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

const OK = [{ name: 'grpc-status', value: '0' }]

/** A backend that responds, until set to be slow: then it waits to be cancelled. */
class Backend {
  isSlow = false
  /** How each slow request ended. */
  readonly resets: Promise<StreamReset>[] = []
  server: GrpcServer | undefined

  async start(): Promise<void> {
    const server = await startGrpcServer((stream) => (this.isSlow ? this.#wait(stream) : hello(stream)))
    this.server = server
  }

  #wait(stream: Http2Stream): void {
    this.resets.push(
      new Promise((resolve) => {
        stream.sink = { onHead() {}, onReadable() {}, onWritable() {}, onReset: (_stream, reset) => resolve(reset) }
      }),
    )
  }
}

function hello(stream: Http2Stream): void {
  const message = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'hello' }))
  stream.reply(GRPC_HEAD, envelop(0, message), OK)
}

function connect(ports: readonly (number | undefined)[], hedgingPolicy: HedgingPolicyJson) {
  return openGreeter({
    target: `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join()}`,
    serviceConfig: { loadBalancingConfig: [{ round_robin: {} }], methodConfig: [{ name: [{}], hedgingPolicy }] },
  }).client
}

test('RT-9 the fastest of three backends answers, and the other attempts are cancelled', async () => {
  const backends = [new Backend(), new Backend(), new Backend()]
  for (const backend of backends) await backend.start()
  const ports = backends.map(({ server }) => server?.port)
  const greeter = connect(ports, { maxAttempts: 3, hedgingDelay: '0s' })
  await expect
    .poll(async () => {
      await greeter.sayHello({})
      return backends.map(({ server }) => (server?.heads.length ?? 0) > 0)
    })
    .toEqual([true, true, true])
  const [fast, ...slow] = backends
  for (const backend of slow) backend.isSlow = true
  const before = fast?.server?.heads.length ?? 0
  expect(await greeter.sayHello({})).toMatchObject({ message: 'hello' })
  expect(fast?.server?.heads).toHaveLength(before + 1)
  for (const { resets } of slow) {
    expect(resets).toHaveLength(1)
    expect(await resets[0]).toMatchObject({ code: ErrorCode.CANCEL, source: 'peer' })
  }
})

async function serve(answer: Answer, hedgingPolicy: HedgingPolicyJson) {
  const server = await startGrpcServer(answer)
  return { server, greeter: connect([server.port], hedgingPolicy) }
}

function attemptsOf({ heads }: GrpcServer): (string | undefined)[] {
  return heads.map((head) => head.get('grpc-previous-rpc-attempts'))
}

test('RT-6 RT-9 makes at most five attempts, each stating how many preceded it', async () => {
  const { server, greeter } = await serve((stream) => refuse(stream, Code.Unavailable), {
    maxAttempts: 9,
    hedgingDelay: '60s',
    nonFatalStatusCodes: ['UNAVAILABLE'],
  })
  await expect(greeter.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  expect(attemptsOf(server)).toEqual([undefined, '1', '2', '3', '4'])
})

test('RT-9 pushback from a server stops further attempts', async () => {
  const { server, greeter } = await serve(
    (stream) => refuse(stream, Code.Unavailable, { 'grpc-retry-pushback-ms': '-1' }),
    { maxAttempts: 5, hedgingDelay: '60s', nonFatalStatusCodes: [14] },
  )
  await expect(greeter.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  expect(server.heads).toHaveLength(1)
})
