/** Access logs: one line per call, on any Fastify and both lanes; nothing without a logger. */
import { Code, ConnectError } from '@connectrpc/connect'
import { type FastifyInstance, fastify } from 'fastify'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type AppOptions, createApp } from '../../server/app.ts'
import type { AppLogger } from '../../server/create-fastify.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import type { PorticoOptions } from '../../server/plugin-options.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { PorticoRouter } from '../../server/rpc/service-options.ts'
import { serve } from '../../server/serve.ts'
import { accessLog } from '../../server/telemetry/access-log.ts'
import { SAY_HELLO, sayHello } from '../support/calls.ts'
import { startFastify } from '../support/demo-server.ts'
import { type ExchangeInit, exchangeHttp1, exchanges } from '../support/exchange.ts'
import { LogCapture, type LogLine } from '../support/log-capture.ts'

function routes(router: PorticoRouter): void {
  router.service(GreeterService, {
    sayHello({ name }) {
      if (name === 'error') throw new TypeError('the reason')
      if (name === 'missing') throw new ConnectError('no such name', Code.NotFound)
      return { message: name }
    },
  })
}

/** A Fastify whose own logger writes to a list, as `logger: true` writes to standard output. */
class Logged {
  readonly lines: LogLine[] = []
  readonly options = {
    logger: { level: 'info', stream: { write: (line: string) => void this.lines.push(JSON.parse(line)) } },
  }

  /** The lines about one request. */
  get aboutRequests(): unknown[] {
    const messages = ['call', 'request', 'incoming request', 'request completed', 'request errored']
    return this.lines.map(({ msg }) => msg).filter((msg) => messages.includes(String(msg)))
  }
}

interface Place {
  readonly name: string
  readonly make: (logged: Logged) => FastifyInstance
}

const PLACES: readonly Place[] = [
  { name: 'a port', make: ({ options }) => fastify({ ...onePort({ drainTimeoutMs: 0 }), ...options }) },
  {
    name: 'a port, behind a hook',
    make: ({ options }) => {
      const app: FastifyInstance = fastify({ ...onePort({ drainTimeoutMs: 0 }), ...options })
      return app.addHook('onRequest', async (request) => request.log.info('a hook'))
    },
  },
  { name: 'node:http', make: ({ options }) => fastify(options) },
]

async function start({ make }: Place, logged: Logged, options: Partial<PorticoOptions> = {}): Promise<string> {
  const app = make(logged)
  await app.register(portico, { routes, ...options })
  app.get('/about', async () => ({}))
  return (await startFastify(app)).origin
}

const PORTS = PLACES.slice(0, 2)
const ENDED = [
  ['that succeeds', 'Ada', 'ok', 30],
  ['that fails', 'missing', 'not_found', 30],
  ['whose handler throws', 'error', 'internal', 50],
] as const

describe.each(LANES)('the plugin on the %s lane', (lane) => {
  // Nothing observes calls of the reference lane on other servers, so Fastify's own lines stay there.
  describe.each(lane === 'native' ? PLACES : PORTS)('on $name', (place) => {
    test.each(ENDED)('logs one line for a call %s', async (_what, name, code, level) => {
      const logged = new Logged()
      const origin = await start(place, logged, { lane })
      await exchangeHttp1(origin, sayHello('connect-json', name))
      await expect.poll(() => logged.aboutRequests).toEqual(['call'])
      expect(logged.lines.find(({ msg }) => msg === 'call')).toMatchObject({ code, level })
      expect(logged.lines.filter(({ msg }) => msg === 'a handler failed')).toHaveLength(name === 'error' ? 1 : 0)
    })

    test('logs injected calls too', async () => {
      const logged = new Logged()
      const app = place.make(logged)
      await app.register(portico, { routes, lane })
      onTestFinished(async () => await app.close())
      const answer = await app.inject({ method: 'POST', url: SAY_HELLO, payload: { name: 'Ada' } })
      expect(answer.statusCode).toBe(200)
      const lines = lane === 'native' ? ['call'] : ['incoming request', 'request completed']
      await expect.poll(() => logged.aboutRequests).toEqual(lines)
    })

    test('leaves lines of hooks and ordinary requests to Fastify', async () => {
      const logged = new Logged()
      const origin = await start(place, logged, { lane })
      await exchangeHttp1(origin, sayHello('connect-json'))
      await exchangeHttp1(origin, { method: 'GET', path: '/about' })
      await expect.poll(() => logged.aboutRequests).toEqual(['call', 'incoming request', 'request completed'])
      const fromHooks = logged.lines.filter(({ msg }) => msg === 'a hook')
      expect(fromHooks).toHaveLength(place.name.includes('hook') ? 2 : 0)
    })

    test('follows the log level', async () => {
      const logged = new Logged()
      logged.options.logger.level = 'error'
      const origin = await start(place, logged, { lane })
      await exchangeHttp1(origin, sayHello('connect-json'))
      await exchangeHttp1(origin, sayHello('connect-json', 'error'))
      await expect.poll(() => logged.lines.map(({ msg }) => msg)).toEqual(['a handler failed', 'call'])
    })

    test('can be disabled', async () => {
      const logged = new Logged()
      const origin = await start(place, logged, { lane, accessLog: false })
      await exchangeHttp1(origin, sayHello('connect-json'))
      await exchangeHttp1(origin, { method: 'GET', path: '/about' })
      await expect.poll(() => logged.aboutRequests.at(-1)).toBe('request completed')
      expect(logged.aboutRequests).not.toContain('call')
    })
  })
})

test.each(exchanges)('several plugins on one port log a call once, over %s', async (_version, exchange) => {
  const logged = new Logged()
  const app = fastify({ ...onePort({ drainTimeoutMs: 0 }), ...logged.options })
  await app.register(portico, { routes })
  await app.register(portico, { routes, prefix: '/api' })
  const { origin } = await startFastify(app as unknown as FastifyInstance)
  const call = sayHello('connect-json')
  await exchange(origin, call)
  await exchange(origin, { ...call, path: `/api${call.path}` })
  await expect.poll(() => logged.aboutRequests).toEqual(['call', 'call'])
})

test('an access log among the observers replaces the default one', async () => {
  const [logged, own] = [new Logged(), new LogCapture()]
  const origin = await start(PLACES[0] as Place, logged, { observers: [accessLog(own.logger)] })
  await exchangeHttp1(origin, sayHello('connect-json'))
  await expect.poll(() => own.withMessage('call')).toHaveLength(1)
  expect(logged.aboutRequests).toEqual([])
})

test('without a logger no observer is added', async () => {
  const app = fastify({ ...onePort({ drainTimeoutMs: 0 }), logger: false })
  await app.register(portico, { routes })
  await startFastify(app as unknown as FastifyInstance)
  const port = app.server as unknown as { calls: { observers: { guarded: unknown } } }
  expect(port.calls.observers.guarded).toBeNull()
})

describe('createApp', () => {
  const broken = sayHello('connect-json', 'error')

  async function startApp(options: Partial<AppOptions>): Promise<string> {
    const app = await createApp({ routes, listen: { drainTimeoutMs: 0 }, ...options })
    return (await startFastify(app.fastify)).origin
  }

  /** Records standard error, or output, while a test runs. */
  function capture(stream: 'stderr' | 'stdout'): LogLine[] {
    const lines: LogLine[] = []
    const spy = vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      lines.push(JSON.parse(String(text)))
      return true
    })
    onTestFinished(() => spy.mockRestore())
    return lines
  }

  test.each(LANES)('without a logger writes errors to standard error, and no access log: %s lane', async (lane) => {
    const lines = capture('stderr')
    const origin = await startApp({ lane })
    await exchangeHttp1(origin, sayHello('connect-json'))
    const answer = await exchangeHttp1(origin, broken)
    expect(answer.body.toString()).not.toContain('the reason')
    expect(lines).toMatchObject([{ level: 50, msg: 'a handler failed', err: { message: 'the reason' } }])
  })

  test('with logger: false writes nothing', async () => {
    const lines = capture('stderr')
    await exchangeHttp1(await startApp({ logger: false }), broken)
    expect(lines).toEqual([])
  })

  test.each<readonly [string, (logged: Logged) => AppLogger]>([
    ['options of pino', ({ options }) => options.logger],
    ['an instance', ({ options: { logger } }) => pino({ level: 'info' }, logger.stream)],
  ])('with %s logs one line for a call and for a request', async (_what, loggerOf) => {
    const logged = new Logged()
    const origin = await startApp({ logger: loggerOf(logged) })
    await exchangeHttp1(origin, sayHello('connect-json'))
    await exchangeHttp1(origin, { method: 'GET', path: '/nothing' })
    await expect.poll(() => logged.aboutRequests).toEqual(['call', 'request'])
  })

  test('rejects a logger without children', async () => {
    const logger = console as unknown as AppLogger
    const message = 'logger has no child(): pass a logger of pino or one like it, options of pino, true or false'
    await expect(createApp({ routes, logger })).rejects.toThrow(new RangeError(message))
    const served = serve({ routes, logger, argv: ['--port=0'], env: {}, ownsProcess: false })
    await expect(served).rejects.toThrow(new RangeError(message))
  })

  test('with accessLog: false logs only failures', async () => {
    const logged = new Logged()
    const origin = await startApp({ logger: logged.options.logger, accessLog: false })
    await exchangeHttp1(origin, broken)
    expect(logged.aboutRequests).toEqual([])
    expect(logged.lines.at(-1)).toMatchObject({ msg: 'a handler failed' })
  })
})

describe('fastifyOptions', () => {
  async function about(fastifyOptions: NonNullable<AppOptions['fastifyOptions']>, init: Partial<ExchangeInit> = {}) {
    const log = new LogCapture()
    const { fastify: app } = await createApp({
      routes,
      logger: log.logger,
      fastifyOptions,
      listen: { drainTimeoutMs: 0 },
    })
    app.post('/about', async ({ id, ip, query, body }) => ({ id, ip, query, body }))
    const { origin } = await startFastify(app)
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.7', 'request-id': 'r-9' }
    const answer = await exchangeHttp1(origin, { path: '/about?a=1', headers, body: '{}', ...init })
    await expect.poll(() => log.withMessage('request')).toHaveLength(1)
    return { answer, body: JSON.parse(answer.body.toString()), line: log.withMessage('request')[0] }
  }

  test('trustProxy determines the caller', async () => {
    expect((await about({ trustProxy: true })).body.ip).toBe('192.0.2.7')
    expect((await about({})).body.ip).toBe('127.0.0.1')
  })

  test('genReqId and requestIdHeader set request ids, also in the log', async () => {
    const numbered = await about({ genReqId: () => 'mine' })
    expect([numbered.body.id, numbered.line?.reqId]).toEqual(['mine', 'mine'])
    const sent = await about({ requestIdHeader: 'Request-Id', genReqId: () => 'mine' })
    expect([sent.body.id, sent.line?.reqId]).toEqual(['r-9', 'r-9'])
    const plain = await about({})
    expect([plain.body.id, plain.line?.reqId]).toEqual(['req-1', 'req-1'])
  })

  test('bodyLimit and querystringParser apply to ordinary routes', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(100) })
    expect((await about({ bodyLimit: 50 }, { body })).answer.status).toBe(413)
    const parsed = await about({ routerOptions: { querystringParser: () => ({ parsed: true }) } })
    expect(parsed.body.query).toEqual({ parsed: true })
  })

  test.each([
    ['serverFactory', 'no counterpart: the port is the server; use listen'],
    ['logger', 'use logger, beside fastifyOptions'],
    ['disableRequestLogging', 'use accessLog: false'],
    ['keepAliveTimeout', 'use keepAliveTimeoutMs of listen'],
    ['https', 'use tls of listen'],
    ['trustPorxy', 'did you mean fastifyOptions.trustProxy?'],
  ])('rejects %s', async (name, advice) => {
    const made = createApp({ routes, fastifyOptions: { [name]: true } as object })
    await expect(made).rejects.toThrow(`createApp: fastifyOptions.${name} is unknown: ${advice}`)
  })
})
