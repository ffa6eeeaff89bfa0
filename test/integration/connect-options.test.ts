/** Options that have Connect's names do what they do there: in every protocol, on both lanes, at both ends. */
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, createClient } from '@connectrpc/connect'
import { compressionGzip } from '@connectrpc/connect-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { PROTOCOLS, type TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import type { AppOptions } from '../../server/app.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { PorticoRouter, ServiceOptions } from '../../server/rpc/service-options.ts'
import { sayHello } from '../support/calls.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { exchanges } from '../support/exchange.ts'
import { untilAborted } from '../support/until-aborted.ts'

/** Worth compressing. */
const NAME = 'Ada '.repeat(1_000)
const BOTH = LANES.flatMap((lane) => PROTOCOLS.map((protocol) => [lane, protocol] as const))

describe.each(BOTH)('on the %s lane, by %s', (lane, protocol) => {
  const encodingHeader = protocol === 'connect' ? 'content-encoding' : 'grpc-encoding'

  async function greet(server: Partial<AppOptions>, client: Partial<TransportOptions>, service?: ServiceOptions) {
    const { origin } = await startRoutes({ lane, routes: greeter(service), ...server })
    let answered: Headers | undefined
    const onHeader = (header: Headers) => {
      answered = header
    }
    const answer = await clientOf(origin, { protocol, ...client }).sayHello({ name: NAME }, { onHeader })
    return { sent: JSON.parse(answer.message), encoding: answered?.get(encodingHeader) ?? null }
  }

  test.each<[string, Partial<AppOptions>, Partial<TransportOptions>, ServiceOptions | undefined, object]>([
    ['nothing said', {}, {}, undefined, { sent: null, encoding: 'gzip' }],
    ['a client that accepts nothing', {}, { acceptCompression: [] }, undefined, { encoding: null }],
    ['a server that compresses nothing', { acceptCompression: [] }, {}, undefined, { encoding: null }],
    ['brotli by name', { acceptCompression: ['br'] }, { acceptCompression: ['br'] }, undefined, { encoding: 'br' }],
    ['brotli of a service alone', {}, { acceptCompression: ['br'] }, { acceptCompression: ['br'] }, { encoding: 'br' }],
    [
      "Connect's own objects",
      { acceptCompression: [compressionGzip] },
      { sendCompression: compressionGzip, acceptCompression: [compressionGzip] },
      undefined,
      { sent: 'gzip', encoding: 'gzip' },
    ],
  ])('compression: %s', async (_what, server, client, service, expected) => {
    const seen = await greet(server, client, service)
    expect(seen).toMatchObject(expected)
  })

  test('readMaxBytes and writeMaxBytes limit messages at both ends', async () => {
    const exhausted = { code: Code.ResourceExhausted }
    for (const server of [{ readMaxBytes: 100 }, { writeMaxBytes: 5 }]) {
      await expect(greet({ ...server, acceptCompression: [] }, {})).rejects.toMatchObject(exhausted)
    }
    for (const client of [{ readMaxBytes: 5 }, { writeMaxBytes: 100 }]) {
      await expect(greet({}, { ...client, acceptCompression: [] })).rejects.toMatchObject(exhausted)
    }
  })

  test('writeMaxBytes fails the first call of a channel, of any kind, and the next one succeeds', async () => {
    const { origin } = await startRoutes({ lane, routes: greeter() })
    const calls: readonly ((client: Greeter, text: string) => Promise<unknown>)[] = [
      (client, name) => client.sayHello({ name }),
      (client, topic) => collect(client.getStream({ topic })),
      (client, topic) => client.putStream(one({ topic })),
      (client, topic) => collect(client.allStream(one({ topic }))),
    ]
    for (const call of protocol === 'grpc' ? calls : calls.slice(0, 2)) {
      const client = clientOf(origin, { protocol, writeMaxBytes: 100 })
      await expect(call(client, NAME)).rejects.toMatchObject({ code: Code.ResourceExhausted })
      expect(await client.sayHello({ name: 'Ada' })).toBeDefined()
    }
  })

  test('defaultTimeoutMs ends a call, and maxTimeoutMs caps the deadline of a handler', async () => {
    const routes = (router: PorticoRouter) =>
      void router.service(GreeterService, {
        sayHello: async ({ name }, { signal, timeoutMs }) => {
          if (name === 'wait') await untilAborted(signal)
          return { message: String((timeoutMs() ?? Number.POSITIVE_INFINITY) <= 60_000) }
        },
      })
    const { origin } = await startRoutes({ lane, routes, maxTimeoutMs: 60_000 })
    const late = clientOf(origin, { protocol, defaultTimeoutMs: 100 }).sayHello({ name: 'wait' })
    await expect(late).rejects.toMatchObject({ code: Code.DeadlineExceeded })
    const patient = clientOf(origin, { protocol, defaultTimeoutMs: 600_000 })
    expect(await patient.sayHello({})).toMatchObject({ message: 'true' })
  })

  test('binaryOptions: unknown fields that are not read are not written', async () => {
    const unknown = [{ no: 99, wireType: 2, data: new Uint8Array([1, 7]) }]
    const routes = (router: PorticoRouter) =>
      void router.service(GreeterService, {
        sayHello: ({ $unknown = [] }) => ({ message: `${$unknown.length}` }),
      })
    for (const [binaryOptions, count] of [
      [{}, '1'],
      [{ readUnknownFields: false }, '0'],
    ] as const) {
      const { origin } = await startRoutes({ lane, routes, binaryOptions })
      const request = create(SayHelloRequestSchema, { name: 'a' })
      request.$unknown = unknown
      expect(toBinary(SayHelloRequestSchema, request).byteLength).toBeGreaterThan(3)
      expect(await clientOf(origin, { protocol }).sayHello(request)).toMatchObject({ message: count })
      const silent = clientOf(origin, { protocol, binaryOptions: { writeUnknownFields: false } })
      expect(await silent.sayHello(request)).toMatchObject({ message: '0' })
    }
  })

  test('shutdownSignal ends open calls', async () => {
    const shutdown = new AbortController()
    const routes = (router: PorticoRouter) =>
      void router.service(GreeterService, {
        async sayHello(_request, { signal }) {
          shutdown.abort(new Error('closing'))
          await untilAborted(signal)
          return {}
        },
      })
    const { origin } = await startRoutes({ lane, routes, shutdownSignal: shutdown.signal })
    await expect(clientOf(origin, { protocol }).sayHello({})).rejects.toThrow()
  })
})

describe.each(LANES)('on the %s lane', (lane) => {
  test.each(exchanges)(
    'jsonOptions apply to the JSON of responses and requests, over %s',
    async (_version, exchange) => {
      const routes = (router: PorticoRouter) => void router.service(GreeterService, { sayHello: () => ({}) })
      const call = sayHello('connect-json')
      const { origin } = await startRoutes({
        lane,
        routes,
        jsonOptions: { alwaysEmitImplicit: true, ignoreUnknownFields: false },
      })
      expect((await exchange(origin, call)).body.toString()).toBe('{"message":""}')
      const unknown = { ...call, body: Buffer.from('{"nmae":"Ada"}') }
      expect((await exchange(origin, unknown)).status).toBe(400)
      const plain = await startRoutes({ lane, routes })
      expect((await exchange(plain.origin, call)).body.toString()).toBe('{}')
      expect((await exchange(plain.origin, unknown)).status).toBe(200)
    },
  )

  test.each(exchanges)('requireConnectProtocolHeader rejects calls without it, over %s', async (_version, exchange) => {
    const routes = greeter()
    const { origin } = await startRoutes({ lane, routes, requireConnectProtocolHeader: true })
    const { 'connect-protocol-version': _dropped, ...headers } = sayHello('connect-json').headers
    const call = { ...sayHello('connect-json'), headers }
    expect((await exchange(origin, call)).status).toBe(400)
    const versioned = { ...call, headers: { ...headers, 'connect-protocol-version': '1' } }
    expect((await exchange(origin, versioned)).status).toBe(200)
  })
})

test.each(LANES)('does not compress messages below compressMinBytes, on the %s lane', async (lane) => {
  const { origin } = await startRoutes({ lane, routes: greeter(), compressMinBytes: 100_000 })
  for (const [compressMinBytes, sent] of [
    [100_000, null],
    [0, 'gzip'],
  ] as const) {
    const client = clientOf(origin, { protocol: 'connect', sendCompression: 'gzip', compressMinBytes })
    let encoding: string | null = 'unknown'
    const onHeader = (header: Headers) => {
      encoding = header.get('content-encoding')
    }
    const { message } = await client.sayHello({ name: NAME }, { onHeader })
    expect([JSON.parse(message), encoding]).toEqual([sent, null])
  }
})

test.each<[Partial<TransportOptions>, string]>([
  [{ useBinaryFormat: true }, '(nothing)'],
  [{ useBinaryFormat: false }, '{}'],
  [{ useBinaryFormat: false, jsonOptions: { alwaysEmitImplicit: true } }, '{"name":""}'],
])('a client with %j sends that', async (options, sent) => {
  const routes = (router: PorticoRouter) =>
    void router.service(GreeterService, {
      sayHello: (_request, { url }) => ({ message: new URL(url).searchParams.get('message') || '(nothing)' }),
    })
  const { origin } = await startRoutes({ lane: 'reference', routes })
  const client = clientOf(origin, { protocol: 'connect', useHttpGet: true, ...options })
  expect(await client.sayHello({})).toMatchObject({ message: sent })
})

/** Responds with the compression of the request. */
function greeter(options?: ServiceOptions): (router: PorticoRouter) => void {
  const implementation = {
    sayHello: (_request: unknown, { requestHeader }: { requestHeader: Headers }) => {
      const sent = requestHeader.get('grpc-encoding') ?? requestHeader.get('content-encoding')
      return { message: JSON.stringify(sent) + ' '.repeat(4_000) }
    },
  }
  return (router) => void router.service(GreeterService, implementation, options)
}

type Greeter = ReturnType<typeof clientOf>

async function* one<T>(message: T): AsyncGenerator<T> {
  yield message
}

function clientOf(baseUrl: string, options: Partial<TransportOptions>) {
  const transport = createTransport({ baseUrl, ...options })
  onTestFinished(() => transport.close())
  return createClient(GreeterService, transport)
}
