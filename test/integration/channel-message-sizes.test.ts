/** The message sizes that observers receive: the same in each protocol and version of HTTP. */
import { Code, ConnectError, type ConnectRouter, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openTelemetry } from '../../client/node/telemetry/open-telemetry.ts'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { CallObserver } from '../../wire/call-observer.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { OtelRecorder } from '../support/otel-recorder.ts'
import { retryConfig } from '../support/retry-config.ts'

type Options = Partial<TransportOptions>
/** On the wire, and decoded. */
type Sizes = readonly [compressedBytes: number, bytes: number]

const WAYS: readonly Options[] = [
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '1.1' },
  { protocol: 'connect', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '1.1' },
]

/** Long enough to be compressed, and without characters that JSON or a query would escape. */
const LONG = 'abcdefgh'.repeat(500)

/** Fails once with the name `again`. Streams send short and long messages in turn. */
function routes(router: ConnectRouter): void {
  let failures = 0
  router.service(GreeterService, {
    sayHello({ name }) {
      if (name === 'nobody' || (name === 'again' && failures++ === 0)) throw new ConnectError(LONG, Code.Unavailable)
      return { message: name }
    },
    async *getStream({ limit }) {
      for (let i = 0; i < limit; i++) yield { data: i % 2 === 0 ? LONG : 'ab' }
    },
    async putStream(messages) {
      return { accepted: BigInt((await collect(messages)).length) }
    },
    async *allStream(messages) {
      for await (const { data } of messages) yield { data }
    },
  })
}

/** The events of each attempt, in order. */
class SizeNotes implements CallObserver {
  readonly attempts: { readonly sent: Sizes[]; readonly received: Sizes[] }[] = []

  onStart() {
    return { onAttempt: () => this.#attempt(), onEnd() {} }
  }

  #attempt() {
    const attempt: (typeof this.attempts)[number] = { sent: [], received: [] }
    this.attempts.push(attempt)
    return {
      onSent: (...sizes: Sizes) => void attempt.sent.push(sizes),
      onReceived: (...sizes: Sizes) => void attempt.received.push(sizes),
      onEnd() {},
    }
  }
}

async function setUp() {
  const { origin } = await startRoutes({ routes })
  return (options: Options) => {
    const notes = new SizeNotes()
    const transport = createTransport({ baseUrl: origin, observers: [notes], ...options })
    onTestFinished(() => transport.close())
    return { attempts: notes.attempts, client: createClient(GreeterService, transport) }
  }
}

type Client = ReturnType<Awaited<ReturnType<typeof setUp>>>['client']

async function* messages() {
  for (const data of [LONG, 'ab', '', LONG]) yield { data }
}

const CALLS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  'one message': (client) => client.sayHello({ name: 'abc' }),
  'one that is empty': (client) => client.sayHello({}),
  'one that is compressed': (client) => client.sayHello({ name: LONG }),
  'a stream from the server': (client) => collect(client.getStream({ limit: 5 })),
  'a stream to the server': (client) => client.putStream(messages()),
  'a call that fails': (client) => client.sayHello({ name: 'nobody' }).catch(() => {}),
}

describe.each(WAYS)('$protocol over HTTP/$httpVersion reports the same sizes as gRPC', (way) => {
  test.each(Object.keys(CALLS))('of %s', async (name) => {
    const connect = await setUp()
    for (const options of [{}, { sendCompression: 'gzip' }, { useBinaryFormat: false }] as const) {
      const byGrpc = connect(options)
      const observed = connect({ ...way, ...options })
      await CALLS[name]?.(byGrpc.client)
      await CALLS[name]?.(observed.client)
      expect(byGrpc.attempts).toHaveLength(1)
      expect(byGrpc.attempts[0]?.sent).not.toEqual([])
      expect(observed.attempts).toEqual(byGrpc.attempts)
    }
  })

  test('of a response above the limit', async () => {
    const connect = await setUp()
    const byGrpc = connect({ readMaxBytes: 50 })
    const observed = connect({ ...way, readMaxBytes: 50 })
    for (const { client, attempts } of [byGrpc, observed]) {
      await expect(client.sayHello({ name: LONG })).rejects.toMatchObject({ code: Code.ResourceExhausted })
      expect(attempts).toEqual([{ sent: [[4003, 4003]], received: [] }])
    }
  })

  test('of each attempt', async () => {
    const options = { sendCompression: 'gzip', serviceConfig: retryConfig(2, 'UNAVAILABLE') } as const
    const { attempts, client } = (await setUp())({ ...way, ...options })
    await client.sayHello({ name: 'again' })
    expect(attempts).toEqual([
      { sent: [[7, 7]], received: [] },
      { sent: [[7, 7]], received: [[7, 7]] },
    ])
  })
})

test.each(['grpc-web', 'connect'] as const)(
  '%s reports the same sizes as gRPC in both directions at once',
  async (way) => {
    const connect = await setUp()
    const byGrpc = connect({ sendCompression: 'gzip' })
    const observed = connect({ protocol: way, sendCompression: 'gzip' })
    for (const { client } of [byGrpc, observed]) expect(await collect(client.allStream(messages()))).toHaveLength(4)
    expect(byGrpc.attempts[0]?.received).toHaveLength(4)
    expect(observed.attempts).toEqual(byGrpc.attempts)
  },
)

test.each(['1.1', '2'] as const)('the message of a GET over HTTP/%s is measured as in a body', async (httpVersion) => {
  const connect = await setUp()
  for (const options of [{}, { sendCompression: 'gzip' }, { useBinaryFormat: false }] as const) {
    const byGrpc = connect(options)
    const observed = connect({ protocol: 'connect', httpVersion, useHttpGet: true, ...options })
    for (const { client } of [byGrpc, observed]) {
      await client.sayHello({ name: LONG })
      await client.sayHello({ name: 'Zoë & "co"+' })
    }
    expect(observed.attempts.map(({ sent }) => sent)).toEqual(byGrpc.attempts.map(({ sent }) => sent))
    // Answers to GET are not compressed: Connect leaves out of its request that they might be.
    expect(observed.attempts.map(plainReceived)).toEqual(byGrpc.attempts.map(plainReceived))
  }
})

function plainReceived({ received }: SizeNotes['attempts'][number]): readonly number[] {
  return received.map(([, bytes]) => bytes)
}

test.each(WAYS)('OpenTelemetry counts message bytes with %j', async (way) => {
  const { origin } = await startRoutes({ routes })
  const otel = new OtelRecorder()
  const transport = createTransport({ baseUrl: origin, ...way, observers: [openTelemetry({ meter: otel.meter })] })
  onTestFinished(() => transport.close())
  await createClient(GreeterService, transport).sayHello({ name: 'abc' })
  const sizes = (await otel.metrics()).filter(({ name }) => name.endsWith('_message_size'))
  expect(sizes.map(({ name, points }) => [name, points[0]?.value])).toEqual([
    ['grpc.client.attempt.rcvd_total_compressed_message_size', 5],
    ['grpc.client.attempt.sent_total_compressed_message_size', 5],
  ])
})
