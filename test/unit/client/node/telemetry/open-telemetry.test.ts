import { Code, ConnectError } from '@connectrpc/connect'
import * as api from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { StackContextManager } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type OpenTelemetryOptions, openTelemetry } from '../../../../../client/node/telemetry/open-telemetry.ts'
import { GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import type { AttemptStart, CallEnd, CallObservation, CallStart } from '../../../../../wire/call-observer.ts'
import { OtelRecorder } from '../../../../support/otel-recorder.ts'

const METHOD = GreeterService.method.sayHello
const TARGET = 'dns:///greeter.example:8443'
const FIRST: AttemptStart = { previousAttempts: 0, isTransparentRetry: false, isHedge: false }
const LOST = new ConnectError('connection lost', Code.Unavailable)
const RPC_LABELS = {
  'rpc.system.name': 'grpc',
  'rpc.method': 'greeter.v1.GreeterService/SayHello',
  'rpc.status_code': 'OK',
  'server.address': 'greeter.example',
  'server.port': 8443,
}
const LABELS = { 'grpc.method': 'greeter.v1.GreeterService/SayHello', 'grpc.target': TARGET }

let otel: OtelRecorder
let nowMs: number

beforeEach(() => {
  otel = new OtelRecorder()
  nowMs = 1000
})

function startOf(init: Partial<CallStart> = {}): CallStart {
  return {
    side: 'client',
    protocol: 'grpc',
    method: METHOD,
    path: '/greeter.v1.GreeterService/SayHello',
    httpMethod: 'POST',
    httpVersion: undefined,
    header: new Headers(),
    peer: '',
    target: TARGET,
    startedAtMs: nowMs,
    ...init,
  }
}

/** The outcome of a call with this error. Null means success. */
function endOf(error: ConnectError | null): CallEnd {
  const counts = { receivedBytes: 0, sentBytes: 0, receivedMessages: 0, sentMessages: 0 }
  return { code: error?.code, error, httpStatus: undefined, ...counts, durationMs: nowMs - 1000, peer: '' }
}

function begin(options: OpenTelemetryOptions, init: Partial<CallStart> = {}): CallObservation {
  const call = openTelemetry({ now: () => nowMs, ...options }).onStart(startOf(init))
  if (call === null) throw new Error('the call is not observed')
  return call
}

function attempt(call: CallObservation, kind: Partial<AttemptStart> = {}) {
  const trace = call.onAttempt?.({ ...FIRST, ...kind }) ?? null
  if (trace === null) throw new Error('the attempt is not observed')
  return trace
}

/** Fails once, after 20 ms, and succeeds 100 ms later, after 40 ms. */
function retriedCall(options: OpenTelemetryOptions): void {
  const call = begin(options)
  call.onResolved?.(5)
  const first = attempt(call)
  first.onPicked?.('10.0.0.1:8443', 1.5)
  first.onSent?.(60, 100)
  nowMs += 20
  first.onEnd(LOST)
  call.onRetryDelay?.(100)
  nowMs += 100
  const second = attempt(call, { previousAttempts: 1 })
  second.onPicked?.('[::1]:8443', 0.01)
  second.onSent?.(60, 100)
  second.onReceived?.(30, 30)
  nowMs += 40
  second.onEnd(null)
  call.onEnd(endOf(null))
}

describe('spans', () => {
  const tracing = () => ({ api, tracer: otel.tracer, propagator: new W3CTraceContextPropagator() })

  test('TR-3 attempts are children of their call', () => {
    retriedCall(tracing())
    const sent: [string, api.Attributes] = [
      'Outbound message',
      { 'sequence-number': 0, 'message-size': 100, 'message-size-compressed': 60 },
    ]
    const common = { name: 'Attempt.greeter.v1.GreeterService.SayHello', kind: api.SpanKind.INTERNAL }
    const parent = 'greeter.v1.GreeterService/SayHello'
    expect(otel.spans).toEqual([
      {
        ...common,
        parent,
        attributes: {
          'previous-rpc-attempts': 0,
          'transparent-retry': false,
          'network.peer.address': '10.0.0.1',
          'network.peer.port': 8443,
          'rpc.status_code': 'UNAVAILABLE',
          'error.type': 'UNAVAILABLE',
        },
        events: ['Delayed LB pick complete', sent],
        status: { code: api.SpanStatusCode.ERROR, message: 'UNAVAILABLE, connection lost' },
      },
      {
        ...common,
        parent,
        attributes: {
          'previous-rpc-attempts': 1,
          'transparent-retry': false,
          'network.peer.address': '::1',
          'network.peer.port': 8443,
          'rpc.status_code': 'OK',
        },
        events: [
          sent,
          ['Inbound message', { 'sequence-number': 0, 'message-size': 30, 'message-size-compressed': 30 }],
        ],
        status: 'unset',
      },
      {
        name: parent,
        kind: api.SpanKind.CLIENT,
        parent: undefined,
        attributes: {
          'rpc.system.name': 'grpc',
          'rpc.method': 'greeter.v1.GreeterService/SayHello',
          'server.address': 'greeter.example',
          'server.port': 8443,
          'rpc.status_code': 'OK',
        },
        events: ['Delayed name resolution complete'],
        status: 'unset',
      },
    ])
  })

  test('TR-3 the server receives the span of the attempt', () => {
    const call = begin(tracing())
    const trace = attempt(call, { isTransparentRetry: true })
    trace.onEnd(null)
    call.onEnd(endOf(null))
    const { traceId, spanId } = otel.rawSpans[0]?.spanContext() ?? {}
    expect(trace.fields).toEqual([{ name: 'traceparent', value: `00-${traceId}-${spanId}-01` }])
    expect(otel.spans[0]?.attributes).toMatchObject({ 'transparent-retry': true })
  })

  const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
  const header = new Headers({ traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` })

  test('a trace in the metadata is continued', () => {
    const call = begin(tracing(), { header })
    call.onEnd(endOf(null))
    expect(otel.rawSpans[0]?.parentSpanContext).toMatchObject({ traceId: TRACE_ID, spanId: 'b7ad6b7169203331' })
  })

  describe('with a context manager', () => {
    beforeEach(() => void api.context.setGlobalContextManager(new StackContextManager().enable()))
    afterEach(() => api.context.disable())

    test('the active span is the parent, whatever the metadata', () => {
      const active = otel.tracer.startSpan('handler')
      api.context.with(api.trace.setSpan(api.context.active(), active), () =>
        begin(tracing(), { header }).onEnd(endOf(null)),
      )
      expect(otel.rawSpans[0]?.parentSpanContext).toEqual(active.spanContext())
    })
  })

  test.each([
    { target: 'greeter.example', address: 'greeter.example', port: undefined },
    { target: 'localhost:80', address: 'localhost', port: 80 },
    { target: 'dns:greeter.example:80', address: 'greeter.example', port: 80 },
    { target: 'dns://8.8.8.8/greeter.example:80', address: 'greeter.example', port: 80 },
    { target: 'ipv6:[::1]:80', address: '::1', port: 80 },
    { target: 'ipv4:10.0.0.1:80,10.0.0.2:80', address: 'ipv4:10.0.0.1:80,10.0.0.2:80', port: undefined },
    { target: 'unix:/run/app.sock', address: 'unix:/run/app.sock', port: undefined },
  ])('the server of $target is $address', ({ target, address, port }) => {
    begin(tracing(), { target }).onEnd(endOf(null))
    const { 'server.address': seenAddress, 'server.port': seenPort } = otel.spans[0]?.attributes ?? {}
    expect([seenAddress, seenPort]).toEqual([address, port])
  })

  test('a socket path is a peer without port', () => {
    const call = begin(tracing())
    const trace = attempt(call)
    trace.onPicked?.('/run/app.sock', 0)
    trace.onEnd(null)
    expect(otel.spans[0]?.attributes).toMatchObject({ 'network.peer.address': '/run/app.sock' })
    expect(otel.spans[0]?.attributes).not.toHaveProperty('network.peer.port')
  })

  test('uses the gRPC names of codes', () => {
    for (const code of [Code.Canceled, Code.DeadlineExceeded, Code.DataLoss]) {
      begin(tracing()).onEnd(endOf(new ConnectError('', code)))
    }
    const names = otel.spans.map(({ attributes }) => attributes['error.type'])
    expect(names).toEqual(['CANCELLED', 'DEADLINE_EXCEEDED', 'DATA_LOSS'])
  })

  test.each([
    { error: null, attributes: {} },
    { error: LOST, attributes: { 'rpc.status_code': 'unavailable', 'error.type': 'unavailable' } },
  ])('a Connect call ends with a Connect code: $attributes', ({ error, attributes }) => {
    begin(tracing(), { protocol: 'connect', target: 'unix:x' }).onEnd(endOf(error))
    expect(otel.spans[0]?.attributes).toEqual({
      'rpc.system.name': 'connectrpc',
      'rpc.method': 'greeter.v1.GreeterService/SayHello',
      'server.address': 'unix:x',
      ...attributes,
    })
  })

  test('rejects a tracer without the OpenTelemetry API', () => {
    expect(() => openTelemetry({ tracer: otel.tracer })).toThrow(RangeError)
  })
})

describe('metrics', () => {
  test('TR-4 calls and attempts are those of gRFC A66', async () => {
    retriedCall({ meter: otel.meter })
    const ok = { ...LABELS, 'grpc.status': 'OK' }
    const unavailable = { ...LABELS, 'grpc.status': 'UNAVAILABLE' }
    const latency = { unit: 's', type: 'HISTOGRAM', boundaries: LATENCY }
    const size = { unit: 'By', type: 'HISTOGRAM', boundaries: SIZES }
    expect(await otel.metrics()).toEqual([
      {
        name: 'grpc.client.attempt.duration',
        ...latency,
        points: [
          { labels: unavailable, value: 0.02, count: 1 },
          { labels: ok, value: 0.04, count: 1 },
        ],
      },
      {
        name: 'grpc.client.attempt.rcvd_total_compressed_message_size',
        ...size,
        points: [
          { labels: unavailable, value: 0, count: 1 },
          { labels: ok, value: 30, count: 1 },
        ],
      },
      {
        name: 'grpc.client.attempt.sent_total_compressed_message_size',
        ...size,
        points: [
          { labels: unavailable, value: 60, count: 1 },
          { labels: ok, value: 60, count: 1 },
        ],
      },
      {
        name: 'grpc.client.attempt.started',
        unit: '{attempt}',
        type: 'SUM',
        boundaries: undefined,
        points: [{ labels: LABELS, value: 2, count: 1 }],
      },
      { name: 'grpc.client.call.duration', ...latency, points: [{ labels: ok, value: 0.16, count: 1 }] },
      {
        name: 'rpc.client.call.duration',
        unit: 's',
        type: 'HISTOGRAM',
        boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
        points: [{ labels: RPC_LABELS, value: 0.16, count: 1 }],
      },
    ])
  })

  test.each([
    { callLabels: undefined, seen: [undefined] },
    { callLabels: ['nightly', 'page'], seen: ['nightly', 'page', 'other', ''] },
    { callLabels: 2, seen: ['nightly', 'adhoc-1', 'other', ''] },
    { callLabels: 0, seen: ['other', ''] },
  ])('A108 labels of calls are kept apart up to their bound: $callLabels', async ({ callLabels, seen }) => {
    const observer = openTelemetry({ meter: otel.meter, ...(callLabels !== undefined && { callLabels }) })
    for (const label of ['nightly', 'adhoc-1', 'page', 'adhoc-2', undefined]) {
      const call = observer.onStart(startOf({ label }))
      call?.onAttempt?.(FIRST)?.onEnd(null)
      call?.onEnd(endOf(null))
    }
    const metrics = (await otel.metrics()).filter(({ name }) => name.startsWith('grpc.'))
    expect(metrics).toHaveLength(5)
    for (const { points } of metrics) {
      const labels = new Set(points.map(({ labels }) => labels['grpc.client.call.custom']))
      expect([...labels].sort()).toEqual(seen.toSorted())
    }
  })

  test('TR-5 a client with many targets has series for the first 100', async () => {
    const observer = openTelemetry({ meter: otel.meter })
    for (let at = 0; at < 250; at += 1)
      observer.onStart(startOf({ target: `ipv4:10.0.0.${at}:80` }))?.onEnd(endOf(null))
    const metrics = Object.fromEntries((await otel.metrics()).map(({ name, points }) => [name, points]))
    expect(metrics['grpc.client.call.duration']).toHaveLength(101)
    expect(metrics['rpc.client.call.duration']).toHaveLength(101)
    expect(metrics['grpc.client.call.duration']?.at(-1)).toMatchObject({
      labels: { 'grpc.target': 'other' },
      count: 150,
    })
  })

  test('TR-5 a method without a descriptor is "other", whatever its path', async () => {
    const observer = openTelemetry({ meter: otel.meter })
    for (const path of ['/a.B/C', '/a.B/D']) observer.onStart(startOf({ method: undefined, path }))?.onEnd(endOf(null))
    const methods = (await otel.metrics()).map(({ points }) =>
      points.map(({ labels }) => labels['grpc.method'] ?? labels['rpc.method']),
    )
    expect(methods).toEqual([['other'], ['_OTHER']])
  })

  test('TR-4 retries are those of gRFC A96, if enabled', async () => {
    const options = { meter: otel.meter, experimentalMetrics: true }
    retriedCall(options)
    const call = begin(options)
    attempt(call)
    attempt(call, { isTransparentRetry: true })
    for (const previousAttempts of [1, 2]) attempt(call, { previousAttempts, isHedge: true })
    call.onEnd(endOf(null))
    const experimental = (await otel.metrics()).filter(({ name }) => /\.call\.(?!duration)/.test(name))
    const counts = { type: 'HISTOGRAM', boundaries: [1, 2, 3, 4, 5] }
    const once = (value: number) => [{ labels: LABELS, value, count: 1 }]
    expect(experimental).toEqual([
      { name: 'grpc.client.call.hedges', unit: '{hedge}', ...counts, points: once(2) },
      { name: 'grpc.client.call.retries', unit: '{retry}', ...counts, points: once(1) },
      { name: 'grpc.client.call.retry_delay', unit: 's', type: 'HISTOGRAM', boundaries: LATENCY, points: once(0.1) },
      {
        name: 'grpc.client.call.transparent_retries',
        unit: '{transparent_retry}',
        type: 'HISTOGRAM',
        boundaries: [1, 2, 3, 4, 5, 10],
        points: once(1),
      },
    ])
  })
})

test('TR-6 observes no call without a tracer and a meter', () => {
  const observer = openTelemetry({ api })
  expect(observer.onStart(startOf())).toBeNull()
})

test('server calls are not counted as client calls', () => {
  const observer = openTelemetry({ api, tracer: otel.tracer, meter: otel.meter })
  expect(observer.onStart(startOf({ side: 'server' }))).toBeNull()
})

const LATENCY = [
  0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.013,
  0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 5, 10,
  20, 50, 100,
]
const SIZES = [
  0, 1024, 2048, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864, 268435456, 1073741824, 4294967296,
]
