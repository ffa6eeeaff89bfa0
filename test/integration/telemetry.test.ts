/** The spans and metrics that transports report for real calls. */
import { Code, ConnectError, type ConnectRouter, createContextValues } from '@connectrpc/connect'
import * as api from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { expect, test } from 'vitest'
import { callLabel } from '../../client/node/rpc/call-label.ts'
import { openTelemetry } from '../../client/node/telemetry/open-telemetry.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { OtelRecorder } from '../support/otel-recorder.ts'
import { retryConfig } from '../support/retry-config.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const CALLER = { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`, baggage: 'tenant=x' }

const RETRIES = retryConfig(3, 'UNAVAILABLE')

/** What handlers see of the trace, in the order of their calls; the first fails. */
async function setUp(options: Partial<TransportOptions> = {}) {
  const otel = new OtelRecorder()
  const traceparents: (string | null)[] = []
  let calls = 0
  const { origin } = await startRoutes({
    routes: (router: ConnectRouter) =>
      router.service(GreeterService, {
        sayHello({ name }, { requestHeader }) {
          traceparents.push(requestHeader.get('traceparent'))
          if (calls++ === 0) throw new ConnectError('not yet', Code.Unavailable)
          return { message: name }
        },
        async *allStream(messages) {
          for await (const { topic } of messages) yield { topic }
        },
      }),
  })
  const propagator = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  })
  const telemetry = openTelemetry({
    api,
    tracer: otel.tracer,
    meter: otel.meter,
    propagator,
    experimentalMetrics: true,
  })
  return {
    otel,
    traceparents,
    origin,
    greeter: (url = origin) => connectTo(url, { observers: [telemetry], ...options }),
  }
}

function connectTo(baseUrl: string, options: Partial<TransportOptions>) {
  return openGreeter({ ...options, baseUrl }).client
}

test('TR-3 each attempt of a retried call is its own span, and the server receives it', async () => {
  const { otel, traceparents, greeter } = await setUp({ serviceConfig: RETRIES })
  await greeter().sayHello({ name: 'Ada' })
  const [first, second, call, ...others] = otel.rawSpans
  expect(others).toEqual([])
  expect(call?.name).toBe('greeter.v1.GreeterService/SayHello')
  for (const attempt of [first, second]) {
    expect(attempt?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId)
  }
  const contexts = [first, second].map((span) => span?.spanContext())
  expect(traceparents).toEqual(contexts.map((context) => `00-${context?.traceId}-${context?.spanId}-01`))
  expect([first, second].map((span) => span?.attributes['rpc.status_code'])).toEqual(['UNAVAILABLE', 'OK'])
  expect([first, second].map((span) => span?.attributes['previous-rpc-attempts'])).toEqual([0, 1])
})

test('TR-4 a retried call is counted with its attempts', async () => {
  const { otel, origin, greeter } = await setUp({ serviceConfig: RETRIES })
  await greeter().sayHello({ name: 'Ada' })
  const counts = Object.fromEntries(
    (await otel.metrics()).map(({ name, points }) => [name, points.map(({ labels, count }) => [labels, count])]),
  )
  const { port } = new URL(origin)
  const labels = {
    'grpc.method': 'greeter.v1.GreeterService/SayHello',
    'grpc.target': expect.stringContaining(`:${port}`),
  }
  const ends = [
    [{ ...labels, 'grpc.status': 'UNAVAILABLE' }, 1],
    [{ ...labels, 'grpc.status': 'OK' }, 1],
  ]
  expect(counts).toEqual({
    'grpc.client.attempt.duration': ends,
    'grpc.client.attempt.rcvd_total_compressed_message_size': ends,
    'grpc.client.attempt.sent_total_compressed_message_size': ends,
    'grpc.client.attempt.started': [[labels, 1]],
    'grpc.client.call.duration': ends.slice(1),
    'grpc.client.call.retries': [[labels, 1]],
    'grpc.client.call.retry_delay': [[labels, 1]],
    'rpc.client.call.duration': [[expect.objectContaining({ 'rpc.status_code': 'OK' }), 1]],
  })
})

test.each([{ protocol: 'grpc' }, { protocol: 'grpc-web' }, { protocol: 'connect' }] as const)(
  'A108 the label of a call reaches its metrics: %j',
  async (options) => {
    const { otel, origin } = await setUp()
    const telemetry = openTelemetry({ meter: otel.meter, callLabels: ['nightly'] })
    const greeter = connectTo(origin, { observers: [telemetry], ...options })
    const contextValues = createContextValues().set(callLabel, 'nightly')
    await expect(greeter.sayHello({ name: 'Ada' }, { contextValues })).rejects.toThrow('not yet')
    await greeter.sayHello({ name: 'Ada' })
    const [durations] = (await otel.metrics()).filter(({ name }) => name === 'grpc.client.call.duration')
    const points = durations?.points.map(({ labels }) => [labels['grpc.client.call.custom'], labels['grpc.status']])
    expect(points).toEqual([
      ['nightly', 'UNAVAILABLE'],
      ['', 'OK'],
    ])
  },
)

test('stream messages are numbered in each direction', async () => {
  const { otel, greeter } = await setUp()
  async function* messages() {
    yield { topic: 'a' }
    yield { topic: 'b' }
  }
  await collect(greeter().allStream(messages()))
  const events = otel.spans[0]?.events.filter((event) => typeof event !== 'string') ?? []
  const numbers = events.map(([name, attributes]) => `${name} ${attributes['sequence-number']}`)
  expect(numbers.sort()).toEqual(['Inbound message 0', 'Inbound message 1', 'Outbound message 0', 'Outbound message 1'])
})

test.each([
  { protocol: 'grpc', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '1.1' },
  { protocol: 'connect', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '1.1' },
] as const)('a call in a handler continues the trace of its caller, with one traceparent: %j', async (options) => {
  const { otel, traceparents, greeter } = await setUp({ serviceConfig: RETRIES, ...options })
  const next = greeter()
  const { origin } = await startRoutes({
    routes: (router) => router.service(GreeterService, { sayHello: (request) => next.sayHello(request) }),
  })
  await connectTo(origin, {}).sayHello({ name: 'Ada' }, { headers: CALLER })
  expect(new Set(otel.rawSpans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]))
  const call = otel.rawSpans.at(-1)
  expect(call?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  const attempts = otel.rawSpans.slice(0, -1).map((span) => span.spanContext().spanId)
  expect(traceparents).toEqual(attempts.map((spanId) => `00-${TRACE_ID}-${spanId}-01`))
})

test('TR-6 without tracer and meter the headers of a call are unchanged', async () => {
  const { traceparents, greeter } = await setUp({ serviceConfig: RETRIES, observers: [openTelemetry({ api })] })
  await greeter().sayHello({ name: 'Ada' })
  expect(traceparents).toEqual([null, null])
})
