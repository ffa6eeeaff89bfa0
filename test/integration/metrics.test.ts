/** The metrics of a server: of calls in every protocol and of what is refused. */
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { OnePortServer } from '../../server/listen/one-port-server.ts'
import { LANES } from '../../server/rpc/lane.ts'
import { metrics, otelMetrics } from '../../server/telemetry/metrics/metrics.ts'
import { CALL_DURATION_BUCKETS, LATENCY_BUCKETS, SIZE_BUCKETS } from '../../wire/telemetry/buckets.ts'
import { sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { startRoutes } from '../support/demo-server.ts'
import { type ExchangeInit, exchangeHttp2, exchanges } from '../support/exchange.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { OtelRecorder } from '../support/otel-recorder.ts'
import { readMetrics, requestMetrics, samplesWith } from '../support/prometheus-page.ts'

const SAY = 'greeter.v1.GreeterService/SayHello'

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello({ name }) {
      if (name === 'nobody') throw new ConnectError('no such name', Code.NotFound)
      if (name === 'fault') throw new Error('a secret')
      return { message: `Hello ${name}` }
    },
    async *getStream(_request, { signal }) {
      yield { data: 'a' }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  })
}

/** Only what this test measures, whatever other tests left in the registry of the process. */
const ALONE = { registries: [] }

function refusing(context: { readonly requestHeader: Headers }): void {
  if (context.requestHeader.has('x-refuse')) throw new ConnectError('not you', Code.PermissionDenied)
}

const as = (protocol: 'grpc' | 'grpc-web' | 'connect' | 'connect-json', more: Partial<ExchangeInit>): ExchangeInit => ({
  ...sayHello(protocol),
  ...more,
})
const rpc = (labels: string) => `rpc_server_call_duration_seconds_count{${labels}}`
const connectError = (code: string, counts: boolean) =>
  rpc(
    `rpc_system_name="connectrpc",rpc_method="${SAY}",rpc_status_code="${code}"${counts ? `,error_type="${code}"` : ''}`,
  )

/** What is counted for one request. */
const ROWS: readonly { what: string; request: ExchangeInit; counted: string; status: string }[] = [
  {
    what: 'gRPC',
    request: sayHello('grpc'),
    counted: rpc(`rpc_system_name="grpc",rpc_method="${SAY}",rpc_status_code="OK"`),
    status: `${SAY}:OK`,
  },
  {
    what: 'gRPC-Web',
    request: sayHello('grpc-web'),
    counted: rpc(`rpc_system_name="grpc",rpc_method="${SAY}",rpc_status_code="OK"`),
    status: `${SAY}:OK`,
  },
  {
    what: 'Connect',
    request: sayHello('connect-json'),
    counted: rpc(`rpc_system_name="connectrpc",rpc_method="${SAY}"`),
    status: `${SAY}:OK`,
  },
  {
    what: 'a handler that refuses, which is no error of the server',
    request: sayHello('connect', 'nobody'),
    counted: connectError('not_found', false),
    status: `${SAY}:NOT_FOUND`,
  },
  {
    what: 'a handler that fails',
    request: sayHello('grpc-web', 'fault'),
    counted: rpc(`rpc_system_name="grpc",rpc_method="${SAY}",rpc_status_code="INTERNAL",error_type="INTERNAL"`),
    status: `${SAY}:INTERNAL`,
  },
  {
    what: 'a gate that refuses',
    request: as('connect', { headers: { ...sayHello('connect').headers, 'x-refuse': '1' } }),
    counted: connectError('permission_denied', false),
    status: `${SAY}:PERMISSION_DENIED`,
  },
  {
    what: 'a message that cannot be decoded',
    request: as('connect-json', { body: '{' }),
    counted: connectError('invalid_argument', false),
    status: `${SAY}:INVALID_ARGUMENT`,
  },
  {
    what: 'another content type',
    request: as('connect', { headers: { 'content-type': 'text/csv' } }),
    counted: connectError('invalid_argument', false),
    status: `${SAY}:INVALID_ARGUMENT`,
  },
  {
    what: 'a method that is not served',
    request: as('grpc', { path: '/greeter.v1.GreeterService/Nope' }),
    counted: rpc(
      'rpc_system_name="grpc",rpc_method="_OTHER",rpc_status_code="UNIMPLEMENTED",error_type="UNIMPLEMENTED"',
    ),
    status: 'other:UNIMPLEMENTED',
  },
]

const CASES = LANES.flatMap((lane) =>
  exchanges.flatMap(([version, exchange]) => ROWS.map((row) => [lane, row.what, version, exchange, row] as const)),
)

test.each(CASES)('TR-4 on the %s lane, %s over %s is counted once', async (lane, _what, _version, exchange, row) => {
  const { origin } = await startRoutes({ lane, routes, requestGate: refusing, metrics: ALONE })
  await exchange(origin, row.request)
  await expect.poll(async () => (await readMetrics(origin)).get(row.counted)).toBe(1)
  const samples = await readMetrics(origin)
  const [method, status] = row.status.split(':')
  expect(samplesWith(samples, 'rpc_server_call_duration_seconds_count')).toEqual({ [row.counted]: 1 })
  expect(samplesWith(samples, 'grpc_server_call_started_total')).toEqual({
    [`grpc_server_call_started_total{grpc_method="${method}"}`]: 1,
  })
  for (const name of ['duration_seconds', 'sent_total_compressed_message_size_bytes'])
    expect(samplesWith(samples, `grpc_server_call_${name}_count`)).toEqual({
      [`grpc_server_call_${name}_count{grpc_method="${method}",grpc_status="${status}"}`]: 1,
    })
  expect(samplesWith(samples, 'portico_server_call_active')).toEqual({
    [`portico_server_call_active{rpc_method="${method === 'other' ? '_OTHER' : method}"}`]: 0,
  })
})

test('TR-4 the names, units and attributes that OpenTelemetry receives', async () => {
  const otel = new OtelRecorder()
  const { origin } = await startRoutes({ routes, middleware: [otelMetrics(otel.meter)] })
  for (const protocol of UNARY_PROTOCOLS)
    for (const [, exchange] of exchanges) await exchange(origin, sayHello(protocol))
  await exchanges[0]?.[1](origin, { path: '/nowhere', method: 'GET' })
  await expect.poll(async () => (await otel.metrics()).some(({ name }) => name.startsWith('http'))).toBe(true)
  const own = (await otel.metrics()).filter(({ name }) => /^(rpc|grpc|http)\./.test(name))
  const method = { 'grpc.method': SAY }
  const ended = [{ ...method, 'grpc.status': 'OK' }]
  const seen = own.map(({ name, unit, boundaries, points }) => [
    name,
    unit,
    boundaries,
    points.map(({ labels }) => labels),
  ])
  expect(seen).toEqual([
    ['grpc.server.call.duration', 's', LATENCY_BUCKETS, ended],
    ['grpc.server.call.rcvd_total_compressed_message_size', 'By', SIZE_BUCKETS, ended],
    ['grpc.server.call.sent_total_compressed_message_size', 'By', SIZE_BUCKETS, ended],
    ['grpc.server.call.started', '{call}', undefined, [method]],
    [
      'http.server.request.duration',
      's',
      CALL_DURATION_BUCKETS,
      [{ 'http.request.method': 'GET', 'http.response.status_code': 404 }],
    ],
    [
      'rpc.server.call.duration',
      's',
      CALL_DURATION_BUCKETS,
      [
        { 'rpc.system.name': 'grpc', 'rpc.method': SAY, 'rpc.status_code': 'OK' },
        { 'rpc.system.name': 'connectrpc', 'rpc.method': SAY },
      ],
    ],
  ])
  const others = (await otel.metrics()).filter(({ name }) => !own.some((each) => each.name === name))
  expect(Object.fromEntries(others.map(({ name, unit }) => [name, unit]))).toEqual({
    'nodejs.eventloop.delay.max': 's',
    'nodejs.eventloop.delay.p50': 's',
    'nodejs.eventloop.delay.p99': 's',
    'nodejs.eventloop.time': 's',
    'portico.codec.types': '{type}',
    'portico.server.call.active': '{call}',
    'portico.server.connection.accepted': '{connection}',
    'portico.server.connection.open': '{connection}',
    'portico.server.connection.refused': '{connection}',
    'process.cpu.time': 's',
    'process.memory.usage': 'By',
    'process.uptime': 's',
    'v8js.memory.heap.used': 'By',
  })
})

test('sizes are those of messages, without envelopes', async () => {
  const { origin } = await startRoutes({ routes, metrics: ALONE })
  const size = (samples: ReadonlyMap<string, number>, way: string) =>
    samples.get(
      `grpc_server_call_${way}_total_compressed_message_size_bytes_sum{grpc_method="${SAY}",grpc_status="OK"}`,
    )
  for (const protocol of ['grpc', 'grpc-web', 'connect'] as const)
    for (const [, exchange] of exchanges) await exchange(origin, sayHello(protocol))
  await expect.poll(async () => size(await readMetrics(origin), 'rcvd')).toBe(6 * 5)
  expect(size(await readMetrics(origin), 'sent')).toBe(6 * 11)
})

test('message types are counted by how their codecs work', async () => {
  const { origin } = await startRoutes({ routes, lane: 'native', metrics: ALONE })
  await exchangeHttp2(origin, sayHello('grpc'))
  const samples = await readMetrics(origin)
  for (const task of ['encode', 'decode', 'create']) {
    const name = `portico_codec_types{codec_task="${task}",codec_way="generated"}`
    expect(samples.get(name), name).toBeGreaterThan(0)
  }
})

test('a call is active until it ends', async () => {
  const { origin } = await startRoutes({ routes, metrics: ALONE })
  const { client } = openGreeter({ baseUrl: origin })
  const active = async () =>
    (await readMetrics(origin)).get('portico_server_call_active{rpc_method="greeter.v1.GreeterService/GetStream"}')
  const cancel = new AbortController()
  const stream = client.getStream({}, { signal: cancel.signal })[Symbol.asyncIterator]()
  await stream.next()
  expect(await active()).toBe(1)
  cancel.abort()
  await expect(stream.next()).rejects.toThrow()
  await expect.poll(active).toBe(0)
  const cancelled = `rpc_server_call_duration_seconds_count{rpc_system_name="grpc",rpc_method="greeter.v1.GreeterService/GetStream",rpc_status_code="CANCELLED"}`
  expect((await readMetrics(origin)).get(cancelled)).toBe(1)
})

test.each(exchanges)('TR-5 over %s, callers cannot add series with paths and verbs', async (_version, exchange) => {
  const { origin } = await startRoutes({ routes, metrics: ALONE })
  const send = async (at: number) => {
    await exchange(origin, as('grpc', { path: `/invented.Service${at}/Method` }))
    await exchange(origin, as('connect', { path: `/invented.Service${at}/Method` }))
    await exchange(origin, { path: `/invented/${at}`, method: ['PURGE', 'MOVE', 'REPORT'][at % 3] as string })
  }
  for (let at = 0; at < 3; at += 1) await send(at)
  await expect.poll(async () => linesAbout(await readMetrics(origin))).toEqual([3, 3, 6])
  const lines = (await readMetrics(origin)).size
  for (let at = 3; at < 30; at += 1) await send(at)
  await expect.poll(async () => linesAbout(await readMetrics(origin))).toEqual([30, 30, 60])
  expect((await readMetrics(origin)).size).toBe(lines)
  expect((await requestMetrics(origin)).body.toString()).not.toMatch(/invented|PURGE/)
})

function linesAbout(samples: ReadonlyMap<string, number>): readonly number[] {
  const other = 'rpc_method="_OTHER"'
  return [
    samples.get(rpc(`rpc_system_name="grpc",${other},rpc_status_code="UNIMPLEMENTED",error_type="UNIMPLEMENTED"`)) ?? 0,
    [...samples].find(([line]) =>
      line.startsWith(`http_server_request_duration_seconds_count{http_request_method="_OTHER"`),
    )?.[1] ?? 0,
    samples.get('grpc_server_call_started_total{grpc_method="other"}') ?? 0,
  ]
}

describe('TR-6 without metrics', () => {
  test('calls are not observed, and there is no page', async () => {
    const { origin, fastify } = await startRoutes({ routes })
    const server: unknown = fastify.server
    expect(server instanceof OnePortServer && server.calls.observers.guarded).toBeNull()
    expect((await requestMetrics(origin)).status).toBe(404)
  })

  test.each([{}, { metrics: false }])('as are those with %j', async (options) => {
    const { fastify } = await startRoutes({ routes, ...options })
    expect(fastify.hasRoute({ method: 'GET', url: '/metrics' })).toBe(false)
  })
})

test.each([{ protocol: 'grpc' }, { protocol: 'grpc-web' }, { protocol: 'connect' }] as const)(
  'the same observer measures the calls of a client: $protocol',
  async ({ protocol }) => {
    const measured = metrics(ALONE)
    const { origin } = await startRoutes({ routes, middleware: [measured] })
    const { client } = openGreeter({ baseUrl: origin, protocol, observers: [measured.observer] })
    await client.sayHello({ name: 'Ada' })
    await expect(client.sayHello({ name: 'nobody' })).rejects.toThrow('no such name')
    await expect
      .poll(async () => Object.values(samplesWith(await readMetrics(origin), 'rpc_client_call_duration_seconds_count')))
      .toEqual([1, 1])
    const samples = await readMetrics(origin)
    expect(Object.values(samplesWith(samples, 'grpc_client_attempt_started_total'))).toEqual([2])
    expect(Object.values(samplesWith(samples, 'rpc_server_call_duration_seconds_count'))).toEqual([1, 1])
  },
)
