/** Telemetry as an operator turns it on: by option, by flag, by OTEL_* variables; and nothing of it when it is off. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ConnectRouter } from '@connectrpc/connect'
import * as api from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { AppOptions } from '../../server/app.ts'
import { LANES } from '../../server/rpc/lane.ts'
import { serve } from '../../server/serve.ts'
import type { ServeSettings } from '../../server/serve-options.ts'
import { telemetry } from '../../server/telemetry/telemetry.ts'
import { sayHello } from '../support/calls.ts'
import { startRoutes } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { OtelRecorder } from '../support/otel-recorder.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { freePort } from '../support/ports.ts'
import { requestMetrics } from '../support/prometheus-page.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const METHOD = 'greeter.v1.GreeterService/SayHello'

function routes(router: ConnectRouter): void {
  router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) })
}

beforeEach(() => {
  vi.stubEnv('OTEL_METRICS_EXPORTER', 'none')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** An app that exports to a sink. */
async function startTraced(options: Partial<AppOptions> = {}) {
  const sink = await startOtlpSink()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', sink.origin)
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=blue')
  vi.stubEnv('OTEL_SERVICE_NAME', 'shop-frontend')
  const app = await startRoutes({ routes, telemetry: true, ...options })
  return { ...app, sink }
}

describe.each(LANES)('telemetry: true on the %s lane', (lane) => {
  test('exports the spans of calls with OTLP before the server has closed', async () => {
    const { origin, sink, drain } = await startTraced({ lane })
    await exchangeHttp1(origin, sayHello('connect'))
    await exchangeHttp2(origin, sayHello('grpc'))
    await drain()
    expect(sink.exports.map((each) => each.path)).toEqual(['/v1/traces'])
    expect(sink.exports[0]?.headers).toMatchObject({ 'x-tenant': 'blue', 'content-type': 'application/x-protobuf' })
    const body = sink.exports[0]?.body ?? ''
    for (const text of [METHOD, 'shop-frontend', 'connectrpc', 'rpc.status_code']) expect(body).toContain(text)
  })
})

test.each(LANES)('the metrics of calls are exported with OTLP before the %s lane has closed', async (lane) => {
  vi.stubEnv('OTEL_METRICS_EXPORTER', 'otlp')
  const { origin, sink, drain } = await startTraced({ lane })
  await exchangeHttp2(origin, sayHello('grpc'))
  await drain()
  const { body } = sink.exports.find((each) => each.path === '/v1/metrics') ?? expect.unreachable()
  for (const text of ['rpc.server.call.duration', 'grpc.server.call.started', METHOD]) expect(body).toContain(text)
})

test('metrics can be off, and have other names', async () => {
  vi.stubEnv('OTEL_METRICS_EXPORTER', 'otlp')
  const { origin, sink, drain } = await startTraced({ telemetry: { metrics: { names: ['rpc'] } } })
  await exchangeHttp2(origin, sayHello('grpc'))
  await drain()
  const { body } = sink.exports.find((each) => each.path === '/v1/metrics') ?? expect.unreachable()
  expect(body).not.toContain('grpc.server.call')
  const off = await startTraced({ telemetry: { metrics: false } })
  await exchangeHttp2(off.origin, sayHello('grpc'))
  await off.drain()
  expect(off.sink.exports.map((each) => each.body).join()).not.toContain('rpc.server.call.duration')
  const wrong = { metrics: { names: ['otel'] } } as never
  expect(() => telemetry(wrong)).toThrow('telemetry: metrics.names has "otel"')
})

test.each(LANES)('a sampled call is an exemplar of its duration on the %s lane', async (lane) => {
  const { origin, drain } = await startTraced({ lane, metrics: { registries: [] } })
  await exchangeHttp2(origin, sayHello('grpc'))
  const headers = { accept: 'application/openmetrics-text' }
  const page = async () => (await requestMetrics(origin, { headers })).body.toString()
  const exemplar =
    /rpc_server_call_duration_seconds_bucket{[^}]*} 1 # {trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"} /
  await expect.poll(page).toMatch(exemplar)
  await drain()
})

test.each([
  [{ traces: false }, ['/v1/metrics']],
  [{ metrics: false }, ['/v1/traces']],
] as const)('telemetry: %j exports nothing else', async (options, paths) => {
  vi.stubEnv('OTEL_METRICS_EXPORTER', 'otlp')
  const { origin, sink, drain } = await startTraced({ telemetry: options })
  await exchangeHttp1(origin, sayHello('connect'))
  await drain()
  expect(sink.exports.map((each) => each.path)).toEqual(paths)
})

test('an option that is not valid is named with its place', () => {
  expect(() => telemetry({ metrics: { callLabels: -1 } })).toThrow('telemetry: metrics.callLabels is -1')
  expect(() => telemetry({ traces: { trusts: true } as never })).toThrow('traces.trusts')
})

test('the active span of a handler is there for other instrumentation of the program', async () => {
  const { origin, sink, drain } = await startTraced({
    routes: (router) =>
      router.rpc(GreeterService.method.sayHello, async () => {
        await new Promise(setImmediate)
        api.trace.getTracer('a database').startSpan('SELECT orders').end()
        return { message: api.trace.getActiveSpan()?.spanContext().traceId ?? 'none' }
      }),
  })
  const { message } = await openGreeter({ baseUrl: origin }).client.sayHello({})
  expect(message).toMatch(/^[0-9a-f]{32}$/)
  await drain()
  expect(sink.exports[0]?.body).toContain('SELECT orders')
})

test('the SDK is set up once for the servers of a process, and taken down with the last', async () => {
  const sink = await startOtlpSink()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', sink.origin)
  const middleware = [telemetry({ serviceName: 'shop' })]
  const first = await startRoutes({ routes, middleware })
  const second = await startRoutes({ routes, middleware })
  await exchangeHttp1(first.origin, sayHello('connect'))
  await first.drain()
  expect(sink.exports).toEqual([])
  await exchangeHttp1(second.origin, sayHello('connect'))
  await second.drain()
  expect(sink.exports).toHaveLength(1)
  const outside = api.trace.getTracer('after').startSpan('nothing')
  expect(api.isSpanContextValid(outside.spanContext())).toBe(false)
})

test('an SDK that the program has registered is used, and left alone', async () => {
  const otel = new OtelRecorder()
  onTestFinished(() => api.trace.disable())
  api.trace.setGlobalTracerProvider({ getTracer: () => otel.tracer as api.Tracer })
  const { origin, sink, drain } = await startTraced()
  await exchangeHttp1(origin, sayHello('connect'))
  await drain()
  expect(otel.spans.map(({ name }) => name)).toEqual([METHOD])
  expect(sink.exports).toEqual([])
  expect(api.trace.getTracer('after').startSpan('mine').isRecording()).toBe(true)
})

test('the observer of the middleware makes the spans of clients', async () => {
  const otel = new OtelRecorder()
  onTestFinished(() => api.trace.disable())
  api.trace.setGlobalTracerProvider({ getTracer: () => otel.tracer as api.Tracer })
  const middleware = telemetry()
  const { origin } = await startRoutes({ routes, middleware: [middleware] })
  await openGreeter({ baseUrl: origin, observers: [middleware.observer] }).client.sayHello({})
  await expect.poll(() => otel.spans.map(({ kind }) => kind).sort()).toEqual([0, 1, 2])
})

test('the switch adds nothing to the middleware of a program that lists telemetry', async () => {
  const otel = new OtelRecorder()
  onTestFinished(() => api.trace.disable())
  api.trace.setGlobalTracerProvider({ getTracer: () => otel.tracer as api.Tracer })
  const { origin, drain } = await startTraced({ middleware: [telemetry()] })
  await exchangeHttp1(origin, sayHello('connect'))
  await drain()
  expect(otel.spans).toHaveLength(1)
})

test('OTEL_SDK_DISABLED turns it off', async () => {
  vi.stubEnv('OTEL_SDK_DISABLED', 'true')
  const { origin, sink, drain } = await startTraced()
  await exchangeHttp1(origin, sayHello('connect'))
  await drain()
  expect(sink.exports).toEqual([])
})

test('OTEL_TRACES_SAMPLER decides on new traces', async () => {
  vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_always_off')
  const { origin, sink, drain } = await startTraced()
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const { headers } = sayHello('connect')
  await exchangeHttp1(origin, sayHello('connect'))
  await exchangeHttp1(origin, {
    ...sayHello('connect'),
    headers: { ...headers, traceparent: `00-${trace}-b7ad6b7169203331-01` },
  })
  await drain()
  expect(sink.exports).toHaveLength(1)
  expect(sink.exports[0]?.body.split(METHOD)).toHaveLength(3)
})

test('a collector that is down does not keep the server, and the log says so', async () => {
  const log = new LogCapture()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${await freePort()}`)
  // The exporter tries again for this long, and leaves its timer behind. The server waits for three seconds.
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '5000')
  const { origin, drain } = await startRoutes({ routes, telemetry: true, logger: log.logger })
  await exchangeHttp1(origin, sayHello('connect'))
  const startedAtMs = performance.now()
  await drain()
  expect(performance.now() - startedAtMs).toBeLessThan(8_000)
  expect(log.withMessage('telemetry is on')).toMatchObject([{ traces: 'otlp', metrics: 'none' }])
})

test('a variable with a value that is not supported ends the start', async () => {
  vi.stubEnv('OTEL_TRACES_EXPORTER', 'zipkin')
  await expect(startRoutes({ routes, telemetry: true })).rejects.toThrow(
    'telemetry: OTEL_TRACES_EXPORTER is "zipkin": it can be otlp, console, none',
  )
})

describe('with serve', () => {
  async function start(argv: readonly string[], options: Partial<ServeSettings> = {}) {
    const log = new LogCapture()
    const given = { argv: ['--port', '0', '--drain-timeout', '0s', ...argv], ownsProcess: false, logger: log.logger }
    const server = await serve({ name: 'shop', routes, ...given, ...options })
    onTestFinished(async () => void (await server.drain()))
    return log.withMessage('telemetry is on').length
  }

  test.each([
    ['off by default', [], {}, 0],
    ['on by flag', ['--telemetry'], {}, 1],
    ['on by PORTICO_TELEMETRY', [], { PORTICO_TELEMETRY: '1' }, 1],
    ['on by a destination', [], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, 1],
    ['on by an exporter', [], { OTEL_TRACES_EXPORTER: 'otlp' }, 1],
    ['off by the exporter none', [], { OTEL_TRACES_EXPORTER: 'none' }, 0],
    ['off by flag', ['--no-telemetry'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, 0],
    ['off by OTEL_SDK_DISABLED', [], { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }, 0],
  ])('is %s', async (_what, argv, env, lines) => {
    expect(await start(argv, { env })).toBe(lines)
  })

  test('is off by code against a destination', async () => {
    expect(await start([], { telemetry: false, env: { OTEL_TRACES_EXPORTER: 'otlp' } })).toBe(0)
  })
})

test('what a handler writes to the log of serve names its span', async () => {
  const urlOf = (file: string) => JSON.stringify(pathToFileURL(path.resolve(import.meta.dirname, '../..', file)).href)
  const source = `
    const { serve } = await import(${urlOf('server/public.ts')})
    const { GreeterService } = await import(${urlOf('gen/greeter/v1/greeter_pb.js')})
    await serve({ telemetry: true, routes: (router, { log }) => router.service(GreeterService, {
      async sayHello() {
        await new Promise(setImmediate)
        log.info('in the handler')
        return {}
      },
    }) })`
  const env = { OTEL_METRICS_EXPORTER: 'none', OTEL_BSP_SCHEDULE_DELAY: '60000' }
  const { server, origin } = await ServerProcess.listen([], env, await temporaryFile('program.mts', source))
  await openGreeter({ baseUrl: origin }).client.sayHello({})
  await server.untilLine((text) => text === 'call')
  const [inside, call] = ['in the handler', 'call'].map((text) => server.lines.find(({ msg }) => msg === text))
  expect(inside).toMatchObject({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), spanId: call?.spanId })
  expect(server.lines.find(({ msg }) => String(msg).includes('listening'))).not.toHaveProperty('traceId')
})

describe('TR-6 packages of telemetry', () => {
  const urlOf = (file: string) => JSON.stringify(pathToFileURL(path.resolve(import.meta.dirname, '../..', file)).href)
  /** Logs what is loaded. */
  const program = (options: string) => `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({ load(url, context, next) {
      const [, name] = /node_modules\\/(@opentelemetry\\/[^/]+|prom-client)/.exec(url) ?? []
      if (name !== undefined) loaded.add(name)
      return next(url, context)
    } })
    const { serve } = await import(${urlOf('server/public.ts')})
    const { GreeterService } = await import(${urlOf('gen/greeter/v1/greeter_pb.js')})
    const { createTransport } = await import(${urlOf('client/node/public.ts')})
    await serve({ ${options} routes: (router) => router.service(GreeterService, {
      sayHello: () => ({ message: JSON.stringify([...loaded].sort()) }),
    }) })`

  async function loadedBy(options: string): Promise<string[]> {
    const { origin } = await ServerProcess.listen(
      [],
      { OTEL_METRICS_EXPORTER: 'none' },
      await temporaryFile('program.mts', program(options)),
    )
    return JSON.parse((await openGreeter({ baseUrl: origin }).client.sayHello({})).message)
  }

  test('are not loaded without telemetry', async () => {
    expect(await loadedBy('')).toEqual([])
  })

  test('are loaded with it', async () => {
    expect(await loadedBy('telemetry: true,')).toContain('@opentelemetry/sdk-trace')
  })

  test('metrics alone load prom-client, and no SDK', async () => {
    const loaded = await loadedBy('metrics: true,')
    // prom-client itself imports the API.
    expect(loaded.filter((name) => name !== '@opentelemetry/api')).toEqual(['prom-client'])
  })
})
