/** The spans of a server, what runs in them, and how they join the traces of callers and of the servers behind. */
import { Code, ConnectError, type ConnectRouter, type Interceptor } from '@connectrpc/connect'
import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTelemetry } from '../../client/node/telemetry/open-telemetry.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import type { TlsOptions } from '../../server/listen/tls/tls-options.ts'
import { portico } from '../../server/plugin.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { observeByServerSpans, type ServerSpanParts } from '../../wire/telemetry/server-spans.ts'
import { SAY_HELLO, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { CLIENT_WAYS } from '../support/client-ways.ts'
import { collect } from '../support/collect.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { exchangeHttp2, exchanges } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { OtelRecorder } from '../support/otel-recorder.ts'
import { retryConfig } from '../support/retry-config.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'
const CALLER = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: 'vendor=x' }
const METHOD = 'greeter.v1.GreeterService/SayHello'

const propagator = new W3CTraceContextPropagator()

beforeAll(() => void api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => api.context.disable())

function middlewareOf(otel: OtelRecorder, parts: Partial<ServerSpanParts> = {}): readonly Middleware[] {
  const given = { api, tracer: otel.tracer, propagator, trustsCaller: true, hasMessageEvents: false, ...parts }
  return [{ name: 'tracing', observer: observeByServerSpans(given) }]
}

function activeSpanId(): string | undefined {
  return api.trace.getActiveSpan()?.spanContext().spanId
}

async function serverSpans(otel: OtelRecorder, count = 1): Promise<readonly ReadableSpan[]> {
  const spans = () => otel.rawSpans.filter(({ kind }) => kind === api.SpanKind.SERVER)
  await expect.poll(() => spans().length).toBe(count)
  return spans()
}

const CERTIFIED = [
  ['direct', 'native', false],
  ['through hooks of Fastify', 'native', true],
  ['by the reference lane', 'reference', false],
] as const

describe.each(CERTIFIED)('TR-2 over TLS, %s', (_way, lane, isHooked) => {
  test.each(CLIENT_WAYS)('a trace is continued for callers with a certificate: %j', async (way) => {
    const { ca, server, client } = await testCertificates()
    const otel = new OtelRecorder()
    const active: (string | undefined)[] = []
    for (const [tls, own] of [
      [{ ...server, ca }, client],
      [server, {}],
    ]) {
      const app = fastify(onePort({ drainTimeoutMs: 0, tls: tls as TlsOptions }))
      if (isHooked) app.addHook('onRequest', async () => {})
      await app.register(portico, {
        lane,
        middleware: middlewareOf(otel, { trustsCaller: ({ certificate }) => certificate !== undefined }),
        routes: (router) =>
          router.rpc(GreeterService.method.sayHello, async () => {
            await new Promise(setImmediate)
            active.push(activeSpanId())
            return {}
          }),
      })
      const { origin } = await startFastify(app, 'https')
      await openGreeter({ baseUrl: origin, tls: { ca, ...own }, ...way }).client.sayHello({}, { headers: CALLER })
    }
    const spans = await serverSpans(otel, 2)
    expect(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([SPAN_ID, undefined])
    expect(spans.map(({ links }) => links.map(({ context }) => context.spanId))).toEqual([[], [SPAN_ID]])
    expect(active).toEqual(spans.map((span) => span.spanContext().spanId))
  })
})

describe.each(LANES)('on the %s lane', (lane) => {
  test.each(CLIENT_WAYS)('gate, interceptor, handler and the calls that it makes run in the span: %j', async (way) => {
    const otel = new OtelRecorder()
    const seen: [string, string | undefined][] = []
    const headers: (string | null)[] = []
    const see = (place: string) => void seen.push([place, activeSpanId()])
    const behind = await startRoutes({
      lane,
      routes: (router) =>
        router.rpc(GreeterService.method.sayHello, (_request, { requestHeader }) => {
          headers.push(requestHeader.get('traceparent'))
          return {}
        }),
    })
    const next = openGreeter({ baseUrl: behind.origin, ...way }).client
    const watch: Interceptor = (call) => async (request) => {
      see('interceptor')
      return call(request)
    }
    const { origin } = await startRoutes({
      lane,
      middleware: middlewareOf(otel),
      interceptors: [watch],
      requestGate: async () => {
        await null
        see('gate')
      },
      routes: (router) =>
        router.service(GreeterService, {
          async sayHello(request) {
            see('handler')
            await next.sayHello(request)
            see('handler after a call')
            return {}
          },
          async *getStream() {
            for (let sequence = 1n; sequence <= 3n; sequence += 1n) {
              see('stream')
              await new Promise(setImmediate)
              yield { sequence }
            }
          },
        }),
    })
    const { client } = openGreeter({ baseUrl: origin, ...way })
    await client.sayHello({ name: 'Ada' }, { headers: CALLER })
    const [span] = await serverSpans(otel)
    const id = span?.spanContext().spanId
    expect(seen).toEqual(['gate', 'interceptor', 'handler', 'handler after a call'].map((place) => [place, id]))
    expect(headers).toEqual([`00-${TRACE_ID}-${id}-01`])
    seen.length = 0
    await collect(client.getStream({ topic: 'a' }, { headers: CALLER }))
    const streamId = (await serverSpans(otel, 2))[1]?.spanContext().spanId
    expect(seen).toEqual(['gate', 'interceptor', 'stream', 'stream', 'stream'].map((place) => [place, streamId]))
    expect(activeSpanId()).toBeUndefined()
  })

  test.each(CLIENT_WAYS)('TR-2 the trace of a caller without trust is linked, and goes no further: %j', async (way) => {
    const otel = new OtelRecorder()
    const headers: (string | null)[] = []
    const behind = await startRoutes({
      lane,
      routes: (router) =>
        router.rpc(GreeterService.method.sayHello, (_request, { requestHeader }) => {
          headers.push(requestHeader.get('traceparent'), requestHeader.get('tracestate'))
          return {}
        }),
    })
    const next = openGreeter({ baseUrl: behind.origin }).client
    const peers: string[] = []
    const trustsCaller: ServerSpanParts['trustsCaller'] = ({ address, certificate }) => {
      peers.push(address)
      return certificate !== undefined
    }
    const { origin } = await startRoutes({
      lane,
      middleware: middlewareOf(otel, { trustsCaller }),
      routes: (router) => router.rpc(GreeterService.method.sayHello, (request) => next.sayHello(request)),
    })
    await openGreeter({ baseUrl: origin, ...way }).client.sayHello({}, { headers: CALLER })
    const [span] = await serverSpans(otel)
    const { traceId, spanId } = span?.spanContext() ?? {}
    expect(span?.parentSpanContext).toBeUndefined()
    expect(span?.links).toMatchObject([{ context: { traceId: TRACE_ID, spanId: SPAN_ID } }])
    expect(traceId).not.toBe(TRACE_ID)
    expect(headers).toEqual([`00-${traceId}-${spanId}-01`, null])
    expect(peers).toEqual(['127.0.0.1'])
  })

  test.each(exchanges)(
    'TR-7 refusals and failures have spans, with the status of a server, over %s',
    async (_v, exchange) => {
      const otel = new OtelRecorder()
      const { origin } = await startRoutes({ lane, middleware: middlewareOf(otel), requestGate: gate, routes: failing })
      const headers = { ...sayHello('connect').headers }
      await exchange(origin, { ...sayHello('connect'), headers: { ...headers, 'x-refuse': '1' } })
      await exchange(origin, { ...sayHello('connect-json'), body: '{' })
      await exchange(origin, sayHello('grpc-web', 'secret'))
      await exchange(origin, sayHello('grpc-web', 'away'))
      await exchange(origin, { ...sayHello('grpc'), path: `/no.such.Service/${'x'.repeat(300)}` })
      await exchange(origin, { ...sayHello('connect'), path: '/no.such.Service/Method' })
      await exchange(origin, { path: '/about', method: 'GET' })
      const spans = await serverSpans(otel, 6)
      const ends = spans.map(({ name, attributes, status }) => [
        name,
        attributes['rpc.status_code'],
        attributes['error.type'],
        status.code === api.SpanStatusCode.ERROR,
      ])
      expect(ends).toEqual([
        [METHOD, 'permission_denied', undefined, false],
        [METHOD, 'invalid_argument', undefined, false],
        [METHOD, 'INTERNAL', 'INTERNAL', true],
        [METHOD, 'UNAVAILABLE', 'UNAVAILABLE', true],
        ['grpc', 'UNIMPLEMENTED', 'UNIMPLEMENTED', true],
        ['connectrpc', expect.stringMatching(/^(unimplemented|not_found)$/), ...(ends[5]?.slice(2) ?? [])],
      ])
      expect(JSON.stringify(spans.map(({ attributes, status }) => [attributes, status]))).not.toContain('a secret')
    },
  )

  test('TR-5 callers cannot create names of spans', async () => {
    const otel = new OtelRecorder()
    const { origin } = await startRoutes({ lane, middleware: middlewareOf(otel), routes: failing })
    for (const path of ['/a.B/C', `/${'é'.repeat(400)}`, `${SAY_HELLO}x`]) {
      await exchangeHttp2(origin, { ...sayHello('grpc'), path: encodeURI(path) })
    }
    const spans = await serverSpans(otel, 3)
    expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(['grpc']))
    expect(new Set(spans.map(({ attributes }) => attributes['rpc.method']))).toEqual(new Set(['_OTHER']))
    const originals = spans.map(({ attributes }) => String(attributes['rpc.method_original']))
    expect(originals[0]).toBe('a.B/C')
    for (const original of originals) expect(original.length).toBeLessThanOrEqual(100)
  })

  test('log lines of a call and of its failure name the span', async () => {
    const otel = new OtelRecorder()
    const log = new LogCapture()
    const { origin } = await startRoutes({
      lane,
      logger: log.logger,
      middleware: middlewareOf(otel),
      routes: failing,
    })
    await exchangeHttp2(origin, sayHello('grpc', 'secret'))
    const [span] = await serverSpans(otel)
    const { traceId, spanId } = span?.spanContext() ?? {}
    await expect.poll(() => log.withMessage('call')).toMatchObject([{ traceId, spanId }])
    expect(log.withMessage('a handler failed')).toMatchObject([{ traceId, spanId }])
  })
})

function gate({ requestHeader }: { readonly requestHeader: Headers }): void {
  if (requestHeader.has('x-refuse')) throw new ConnectError('not you', Code.PermissionDenied)
}

function failing(router: ConnectRouter): void {
  router.rpc(GreeterService.method.sayHello, ({ name }) => {
    if (name === 'secret') throw new Error('a secret')
    throw new ConnectError('try later', Code.Unavailable)
  })
}

// The reference lane answers gRPC errors with headers before trailers, which commits a call to its first attempt.
test.each(CLIENT_WAYS)('TR-3 a retried call has an attempt span per server span: %j', async (way) => {
  const otel = new OtelRecorder()
  let calls = 0
  const { origin } = await startRoutes({
    lane: 'native',
    middleware: middlewareOf(otel),
    routes: (router) =>
      router.rpc(GreeterService.method.sayHello, () => {
        if (calls++ === 0) throw new ConnectError('not yet', Code.Unavailable)
        return {}
      }),
  })
  const observers = [openTelemetry({ api, tracer: otel.tracer, propagator })]
  const serviceConfig = retryConfig(2, 'UNAVAILABLE')
  await openGreeter({ baseUrl: origin, observers, serviceConfig, ...way }).client.sayHello({})
  const served = await serverSpans(otel, 2)
  const attempts = otel.rawSpans.filter(({ name }) => name === 'Attempt.greeter.v1.GreeterService.SayHello')
  const [call] = otel.rawSpans.filter(({ kind }) => kind === api.SpanKind.CLIENT)
  expect(served.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
    attempts.map((attempt) => attempt.spanContext().spanId),
  )
  for (const attempt of attempts) expect(attempt.parentSpanContext?.spanId).toBe(call?.spanContext().spanId)
})

test('the attributes of a span are those of the conventions', async () => {
  const otel = new OtelRecorder()
  const { origin, port } = await startRoutes({
    lane: 'native',
    middleware: middlewareOf(otel, { hasMessageEvents: true }),
    routes: (router) => router.rpc(GreeterService.method.sayHello, () => ({ message: 'hi' })),
  })
  await openGreeter({ baseUrl: origin, protocol: 'grpc' }).client.sayHello({ name: 'Ada' })
  const [span] = await serverSpans(otel)
  expect(span?.name).toBe(METHOD)
  expect(span?.attributes).toEqual({
    'rpc.system.name': 'grpc',
    'rpc.method': METHOD,
    'rpc.status_code': 'OK',
    'server.address': '127.0.0.1',
    'server.port': port,
    'network.peer.address': '127.0.0.1',
    'network.peer.port': expect.any(Number),
    'network.protocol.version': '2',
  })
  expect(span?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
    ['Inbound message', { 'sequence-number': 0, 'message-size': 5, 'message-size-compressed': 5 }],
    ['Outbound message', { 'sequence-number': 0, 'message-size': 4, 'message-size-compressed': 4 }],
  ])
})
