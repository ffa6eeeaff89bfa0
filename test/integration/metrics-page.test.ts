/** The page of metrics: who may read it, in which formats, and where it is served. */
import type { ConnectRouter } from '@connectrpc/connect'
import { fastify } from 'fastify'
import promClient from 'prom-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { serve } from '../../server/serve.ts'
import { metrics } from '../../server/telemetry/metrics/metrics.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { exchanges } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { readMetrics, requestMetrics, samplesOf } from '../support/prometheus-page.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const DEBUG = 20
const INFO = 30

function routes(router: ConnectRouter): void {
  router.service(GreeterService, { sayHello: () => ({ message: 'Hello' }) })
}

/** Only what this test measures, whatever other tests left in the registry of the process. */
const ALONE = { registries: [] }

describe('the page', () => {
  test.each(exchanges)('answers HEAD and other verbs over %s', async (_version, exchange) => {
    const { origin } = await startRoutes({ routes, metrics: ALONE })
    const get = await exchange(origin, { path: '/metrics', method: 'GET' })
    expect(get.status).toBe(200)
    expect(get.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    })
    const head = await exchange(origin, { path: '/metrics', method: 'HEAD' })
    expect([head.status, head.body.length]).toEqual([200, 0])
    expect((await exchange(origin, { path: '/metrics', method: 'POST', body: '' })).status).toBe(404)
  })

  test('a proxy on this machine is refused, and told nothing', async () => {
    const { origin } = await startRoutes({ routes, metrics: ALONE })
    const { status, body } = await requestMetrics(origin, { headers: { 'x-forwarded-for': '192.0.2.1' } })
    expect([status, body.toString()]).toEqual([403, 'metrics are not for this caller\n'])
  })

  test('behind a trusted proxy, the caller counts', async () => {
    const seen: string[] = []
    const { origin } = await startRoutes({
      routes,
      fastifyOptions: { trustProxy: 'loopback' },
      metrics: { ...ALONE, authorize: ({ address }) => seen.push(address) > 0 },
    })
    expect((await requestMetrics(origin, { headers: { 'x-forwarded-for': '192.0.2.7' } })).status).toBe(200)
    expect(seen).toEqual(['192.0.2.7'])
  })

  test('needs its token, and names the scheme', async () => {
    const tokenFile = await temporaryFile('token', 'swordfish')
    const { origin } = await startRoutes({ routes, metrics: { ...ALONE, tokenFile } })
    const refused = await requestMetrics(origin)
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    const headers = { authorization: 'Bearer swordfish' }
    expect((await requestMetrics(origin, { headers })).status).toBe(200)
  })

  test('what authorize throws refuses, and stays in the log', async () => {
    const log = new LogCapture()
    const { origin } = await startRoutes({
      routes,
      logger: log.logger,
      metrics: {
        ...ALONE,
        authorize: () => {
          throw new Error('a secret')
        },
      },
    })
    const { status, body } = await requestMetrics(origin)
    expect([status, body.toString()]).toEqual([500, 'metrics could not be collected\n'])
    expect(log.withMessage('metrics could not be collected')).toHaveLength(1)
  })

  test('hooks of Fastify guard it too', async () => {
    const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
    app.addHook('onRequest', async (_request, reply) => reply.code(418).send('teapot'))
    await app.register(portico, { routes, middleware: [metrics(ALONE)] })
    const { origin } = await startFastify(app)
    expect((await requestMetrics(origin)).status).toBe(418)
  })

  test('has the metrics of the program beside those of the server', async () => {
    const registry = new promClient.Registry()
    new promClient.Counter({ name: 'orders_total', help: 'Orders', registers: [registry] }).inc(3)
    const { origin } = await startRoutes({ routes, metrics: { registries: [registry] } })
    expect((await readMetrics(origin)).get('orders_total')).toBe(3)
  })

  test('is read at another path, and does not fill the log', async () => {
    const log = new LogCapture()
    const { origin } = await startRoutes({
      routes,
      logger: log.logger,
      metrics: { ...ALONE, path: '/internal/metrics' },
    })
    expect((await readMetrics(origin, '/internal/metrics')).size).toBeGreaterThan(0)
    expect((await requestMetrics(origin, { path: '/other' })).status).toBe(404)
    const shown = () => log.withMessage('request').map(({ path, level }) => [path, level])
    await expect.poll(shown).toEqual([
      ['/internal/metrics', DEBUG],
      ['/other', INFO],
    ])
    expect(log.lines.map(({ msg, path, readers }) => [msg, path, readers])).toContainEqual([
      'metrics are served',
      '/internal/metrics',
      'this machine',
    ])
  })

  test('is shared by the plugins of a server', async () => {
    const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
    const measured = metrics(ALONE)
    await app.register(portico, { routes, middleware: [measured] })
    await app.register(portico, { routes, prefix: '/v2', middleware: [measured] })
    const { origin } = await startFastify(app)
    const samples = await readMetrics(origin)
    expect(samples.get('process_uptime_seconds')).toBeLessThan(process.uptime() + 1)
    expect(samples.get('portico_server_connection_accepted_total{network_protocol_version="1.1",tls="false"}')).toBe(1)
  })
})

describe('a port for the page alone', () => {
  test('answers the page to all, and nothing else', async () => {
    const log = new LogCapture()
    const { origin } = await startRoutes({
      routes,
      logger: log.logger,
      metrics: { ...ALONE, port: 0 },
    })
    expect((await requestMetrics(origin)).status).toBe(404)
    const { url } = log.withMessage('metrics are served')[0] as unknown as { url: string }
    const own = new URL(url).origin
    const headers = { 'x-forwarded-for': '192.0.2.1' }
    const page = await requestMetrics(own, { headers })
    expect(samplesOf(page.body.toString()).size).toBeGreaterThan(0)
    expect((await requestMetrics(own, { method: 'HEAD' })).body).toHaveLength(0)
    expect((await requestMetrics(own, { path: '/other' })).status).toBe(404)
    const posted = await requestMetrics(own, { method: 'POST' })
    expect([posted.status, posted.headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  test('that is taken ends the start', async () => {
    const { port } = await startRoutes({ routes })
    await expect(startRoutes({ routes, metrics: { port } })).rejects.toThrow('EADDRINUSE')
  })
})

describe('serve', () => {
  const start = async (argv: readonly string[], settings = {}) => {
    const server = await serve({
      ownsProcess: false,
      logger: false,
      env: {},
      routes,
      ...settings,
      argv: ['--port', '0', '--drain-timeout', '0s', ...argv],
    })
    onTestFinished(async () => void (await server.drain()))
    return server
  }

  test.each([
    { argv: ['--metrics'], path: '/metrics', status: 200 },
    { argv: [], path: '/metrics', status: 404 },
    { argv: ['--metrics'], settings: { metrics: { path: '/m' } }, path: '/m', status: 200 },
    { argv: ['--no-metrics'], settings: { metrics: true }, path: '/metrics', status: 404 },
    { argv: [], settings: { metrics: true }, path: '/metrics', status: 200 },
    { argv: [], settings: { metrics: { path: '/m' } }, path: '/m', status: 200 },
  ])('$argv $settings: $path is $status', async ({ argv, settings, path, status }) => {
    const { address } = await start(argv, settings)
    expect((await requestMetrics(address, { path })).status).toBe(status)
  })

  test('--metrics-token-file turns metrics on', async () => {
    const { address } = await start(['--metrics-token-file', await temporaryFile('token', 'x')])
    expect((await requestMetrics(address)).status).toBe(401)
  })

  test('--metrics-port takes the page from the port of the server', async () => {
    const log = new LogCapture()
    const { address } = await start(['--metrics-port', '0'], { logger: log.logger })
    expect((await requestMetrics(address)).status).toBe(404)
    const { url } = log.withMessage('metrics are served')[0] as unknown as { url: string }
    expect((await requestMetrics(new URL(url).origin)).status).toBe(200)
  })
})

test.each([
  { options: { path: 'metrics' }, fault: 'metrics: path is "metrics": it must begin with / and have no parameters' },
  { options: { path: '/:id' }, fault: 'path is "/:id"' },
  { options: { port: 70_000 }, fault: 'port is 70000: it must be a whole number from 0 to 65535' },
  { options: { names: ['rpc', 'prometheus'] }, fault: 'names has "prometheus": it can have rpc, grpc, grpc-retries' },
  { options: { callLabels: -1 }, fault: 'callLabels is -1' },
  { options: { pth: '/x' }, fault: 'metrics: pth is unknown: did you mean path?' },
])('options that are not valid are named: $fault', ({ options, fault }) => {
  expect(() => metrics(options as never)).toThrow(fault)
})
