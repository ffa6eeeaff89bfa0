/** Programs that call `serve`, as separate processes: their own options, precedence, failures and exit codes. */

import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { OwnOptions } from '../../server/config/own-options.ts'
import { serve } from '../../server/serve.ts'
import type { ServeOptions } from '../../server/serve-options.ts'
import { sayHello } from '../support/calls.ts'
import { exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { LogCapture, type LogLine } from '../support/log-capture.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { serveHere } from '../support/serve-here.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const urlOf = (file: string) => JSON.stringify(pathToFileURL(path.join(ROOT, file)).href)

const HEAD = `
import { serve } from ${urlOf('server/public.ts')}
import { GreeterService } from ${urlOf('gen/greeter/v1/greeter_pb.js')}
`

/** A program whose greeter responds with its configuration. */
const SHOP = `${HEAD}
await serve({
  name: 'shop',
  version: '3.2.1',
  options: {
    'database-url': { kind: 'string', default: 'postgres://localhost/shop', help: 'where orders are kept' },
    'api-token': { kind: 'string', secret: true, default: 'hunter2', help: 'token of the bank' },
    'poll-interval': { kind: 'duration', default: '30s', min: '1s', help: 'time between two polls' },
    'cache-size': { kind: 'size', default: 1024, max: '1GiB', help: 'memory of the cache' },
    color: { kind: ['red', 'green'], env: 'SHOP_COLOR', help: 'color of the shop' },
    tags: { kind: 'strings', help: 'words about the shop' },
    dry: { kind: 'boolean', help: 'sell nothing' },
    packers: { kind: 'integer', default: 2, max: 8, help: 'orders at once' },
  },
  defaults: { 'drain-timeout': '1s', 'max-connections': 7 },
  readMaxBytes: 1000,
  listen: { maxConnections: 9 },
  async routes(router, { options, log, onClose }) {
    await null
    onClose(() => log.info('the pool has ended'))
    router.service(GreeterService, { sayHello: () => ({ message: JSON.stringify(options) }) })
  },
  async setup(fastify, { options, health }) {
    fastify.get('/about', async () => ({ dry: options.dry, health: health.getStatus('') }))
  },
})
`

async function program(source: string): Promise<string> {
  return temporaryFile('program.mts', source)
}

async function optionsOf(origin: string): Promise<unknown> {
  const answer = await exchangeHttp2(origin, sayHello('connect-json'))
  return JSON.parse(JSON.parse(answer.body.toString()).message)
}

describe('own options', () => {
  test('have typed defaults', async () => {
    const { origin } = await ServerProcess.listen([], {}, await program(SHOP))
    expect(await optionsOf(origin)).toEqual({
      'database-url': 'postgres://localhost/shop',
      'api-token': 'hunter2',
      'poll-interval': 30_000,
      'cache-size': 1_024,
      tags: [],
      dry: false,
      packers: 2,
    })
  })

  test('come from flags, then from the environment', async () => {
    const env = { PORTICO_DATABASE_URL: 'from-env', SHOP_COLOR: 'green', PORTICO_PACKERS: '3', PORTICO_TAGS: 'a,b' }
    const flags = ['--database-url', 'from-flag', '--dry', '--poll-interval=2s', '--cache-size', '1MiB']
    const { origin } = await ServerProcess.listen(flags, env, await program(SHOP))
    expect(await optionsOf(origin)).toEqual({
      'database-url': 'from-flag',
      'api-token': 'hunter2',
      'poll-interval': 2_000,
      'cache-size': 1_048_576,
      color: 'green',
      tags: ['a', 'b'],
      dry: true,
      packers: 3,
    })
    const about = await exchangeHttp1(origin, { method: 'GET', path: '/about' })
    expect(JSON.parse(about.body.toString())).toEqual({ dry: true, health: 'SERVING' })
  })

  test('report errors with option, source and range, and exit with 2', async () => {
    const flags = ['--packers', '9', '--poll-interval', '1ms', '--databse-url', 'x', '--no-dri']
    const server = new ServerProcess(flags, { SHOP_COLOR: 'blue' }, await program(SHOP))
    expect(await server.exited).toBe(2)
    expect(server.stderr.split('\n')).toEqual([
      '--databse-url: no such option; did you mean --database-url?',
      '--no-dri: no such option; did you mean --no-dry?',
      '--poll-interval: "1ms" (from the command line) must be a duration from 1s to 576h',
      '--color: "blue" (from SHOP_COLOR) must be one of red, green',
      '--packers: "9" (from the command line) must be a whole number from 0 to 8',
      'Try --help.',
      '',
    ])
  })

  test("come first in --help, with the program's name and without secrets", async () => {
    const server = new ServerProcess(['--help'], {}, await program(SHOP))
    expect(await server.exited).toBe(0)
    const paragraphs = server.stdout.split('\n\n')
    expect(paragraphs[0]).toBe('shop 3.2.1')
    expect(paragraphs[1]).toMatch(/^Usage: node .*program\.mts \[options\]$/)
    expect(server.stdout).not.toContain('hunter2')
    expect(paragraphs).toContain(
      '  --api-token TEXT\n      token of the bank\n      env PORTICO_API_TOKEN, default ***: text',
    )
    expect(paragraphs.indexOf('Options of this program:')).toBeLessThan(paragraphs.indexOf('Options of the server:'))
  })

  test('do not interfere with --version', async () => {
    const server = new ServerProcess(['--version'], {}, await program(SHOP))
    expect(await server.exited).toBe(0)
    expect(server.stdout).toBe('3.2.1\n')
  })

  test.each([
    ['a secret with a fault is not shown', ['--pin', 'hunter2'], '--pin: *** (from the command line) must be a whole'],
    ['what is required has to be set', [], '--pin: missing; set it, or SHOP_PIN, to a whole number'],
  ])('%s', async (_what, argv, fault) => {
    const options = { pin: { kind: 'integer', secret: true, required: true, help: 'pin' } } as const
    const error = await serveHere({ argv, options, envPrefix: 'SHOP_' }).catch((thrown: Error) => thrown)
    expect(String(error)).toContain(`serve: ${fault}`)
    expect(String(error)).not.toContain('hunter2')
    const { options: values } = await serveHere({ options, envPrefix: 'SHOP_', env: { SHOP_PIN: '7' } })
    expect(values.pin).toBe(7)
  })
})

test('a signal drains, releases what the program opened, and exits with 0', async () => {
  const { server, origin } = await ServerProcess.listen([], {}, await program(SHOP))
  expect((await exchangeHttp2(origin, sayHello('grpc'))).status).toBe(200)
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  const messages = server.lines.map(({ msg }) => msg)
  expect(messages.slice(-2)).toEqual(['the pool has ended', 'stopped'])
  expect(server.lines.every(({ name }) => name === 'shop')).toBe(true)
})

test('the drain time that code sets counts', async () => {
  const source = `${HEAD}await serve({ listen: { drainTimeoutMs: 4_000 }, routes() {} })`
  const { server } = await ServerProcess.listen([], {}, await program(source))
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(server.lines.find(({ signal }) => signal === 'SIGTERM')).toMatchObject({ drainTimeoutMs: 4_000 })
})

test('serve without options says what it takes', async () => {
  const act = serve as () => Promise<unknown>
  await expect(act()).rejects.toThrow(new RangeError('the argument of serve is undefined, and must be an object'))
})

test('two servers of one process both drain before it exits', async () => {
  const source = `${HEAD}
import { setTimeout as sleep } from 'node:timers/promises'
const slow = { sayHello: async () => { console.error('called'); await sleep(1_500); return { message: 'late' } } }
await serve({ routes() {} })
const routes = (router) => router.service(GreeterService, slow)
await serve({ routes })`
  const { server } = await ServerProcess.listen([], {}, await program(source))
  const listening = () => server.lines.filter(({ msg }) => String(msg).startsWith('Server listening'))
  await vi.waitFor(() => expect(listening()).toHaveLength(2), 10_000)
  const address = /http:\S+/.exec(String(listening()[1]?.msg))?.[0] ?? ''
  const call = exchangeHttp2(address, sayHello('connect-json'))
  await vi.waitFor(() => expect(server.stderr).toContain('called'), 10_000)
  server.kill('SIGTERM')
  expect((await call).body.toString()).toBe('{"message":"late"}')
  expect(await server.exited).toBe(0)
  expect(server.lines.filter(({ msg }) => msg === 'stopped')).toHaveLength(2)
})

test('what routes opened is released if they fail', async () => {
  const released: string[] = []
  const failing = serveHere({
    async routes(_router, { onClose }) {
      onClose(() => void released.push('pool'))
      throw new TypeError('no database')
    },
  })
  await expect(failing).rejects.toThrow('no database')
  expect(released).toEqual(['pool'])
})

test('middleware may be created from the own options of the program', async () => {
  const seen: unknown[] = []
  const server = await serve({
    argv: ['--port', '0', '--tenant', 'north'],
    env: {},
    logger: false,
    ownsProcess: false,
    options: { tenant: { kind: 'string', default: 'south', help: 'whose calls are served' } },
    middleware: async ({ options }) => [{ name: 'tenant', requestGate: () => void seen.push(options.tenant) }],
    routes: (router) => router.service(GreeterService, { sayHello: () => ({}) }),
  })
  onTestFinished(async () => void (await server.drain()))
  await openGreeter({ baseUrl: server.address }).client.sayHello({})
  expect(seen).toEqual(['north'])
})

test('what middleware opened is released if it fails to start', async () => {
  const released: string[] = []
  const started = serve({
    argv: ['--port', '0'],
    env: {},
    logger: false,
    ownsProcess: false,
    middleware({ onClose }) {
      onClose(() => void released.push('pool'))
      throw new Error('no policy')
    },
    routes() {},
  })
  await expect(started).rejects.toThrow('no policy')
  expect(released).toEqual(['pool'])
})

test.each(['routes', 'setup'])(
  '%s that fail are the error, and the rest is released, even if a release fails',
  async (part) => {
    const released: string[] = []
    const fail = () => Promise.reject(new TypeError('no database'))
    const failing = serveHere({
      async routes(_router, { onClose }) {
        onClose(() => Promise.reject(new Error('pool is broken')))
        onClose(() => void released.push('cache'))
        if (part === 'routes') await fail()
      },
      ...(part === 'setup' && { setup: fail }),
    })
    await expect(failing).rejects.toThrow('no database')
    expect(released).toEqual(['cache'])
  },
)

test('a release that fails is the error of the drain, and the rest is released', async () => {
  const released: string[] = []
  const server = await serveHere({
    routes(_router, { onClose }) {
      onClose(() => Promise.reject(new Error('pool is broken')))
      onClose(() => void released.push('cache'))
    },
  })
  await expect(server.drain()).rejects.toThrow('pool is broken')
  expect(released).toEqual(['cache'])
})

describe('a program that fails to start exits with 1, and says why', () => {
  test.each([
    ['routes', `routes() { throw new TypeError('no database') }`],
    ['async routes', `async routes() { await null; throw new TypeError('no database') }`],
    ['setup', `routes() {}, async setup() { throw new TypeError('no database') }`],
  ])('in %s, with the stack', async (_where, parts) => {
    const server = new ServerProcess(['--port=0'], {}, await program(`${HEAD}\nawait serve({ ${parts} })`))
    expect(await server.exited).toBe(1)
    expect(server.stderr).toMatch(/^TypeError: no database\n {4}at .*program\.mts/)
  })
})

describe('invalid options in code throw', () => {
  test.each<readonly [what: string, options: object, message: string]>([
    ['a taken name', own('port', { kind: 'integer' }), 'options.port: the server has this option'],
    ['a bad name', own('databaseUrl', { kind: 'string' }), 'options.databaseUrl: a name is lower'],
    ['a negation', own('no-cache', { kind: 'boolean' }), 'options.no-cache: --no-...'],
    ['a taken variable', own('a', { kind: 'string', env: 'PORT' }), 'options.a: the variable PORT is that of --port'],
    ['an unknown kind', own('a', { kind: 'float' }), 'options.a.kind is "float"'],
    ['a bad default', own('a', { kind: 'size', default: 'big' }), 'options.a.default must be a size'],
    ['a default of another kind', own('a', { kind: 'boolean', default: 'on' }), 'options.a.default must be true'],
    ['a default out of range', own('a', { kind: 'integer', default: 3, max: 2 }), 'options.a.default must be a whole'],
    ['a bad default of the server', { defaults: { port: 99999 } }, 'defaults.port must be a whole number'],
    ['an unknown default of the server', { defaults: { prot: 1 } }, 'defaults.prot is not an option'],
    [
      'a mistyped default of the server',
      { defaults: { prot: 1 } },
      'defaults.prot is not an option of the server: did',
    ],
    ['a min that is not a value', own('a', { kind: 'duration', min: 'soon' }), 'options.a.min must be a duration'],
    ['a max that is not a value', own('a', { kind: 'integer', max: 1.5 }), 'options.a.max must be a whole number'],
    ['a range without values', own('a', { kind: 'size', min: 5, max: '1B' }), 'options.a.min is above max'],
    ['a range of text', own('a', { kind: 'string', max: 5 }), 'options.a.max has no effect: only integer'],
    ['words that are no words', own('a', { kind: ['x', 5] }), 'options.a.kind is ["x",5]: it must be string'],
    ['a mistyped field', own('a', { kind: 'string', defualt: 'x' }), 'options.a.defualt is unknown: did you mean'],
    ['a field of another type', own('a', { kind: 'string', required: 'yes' }), 'options.a.required is a string'],
    ['an option that is no object', { options: { a: 'string' } }, 'options.a is a string, and must be an object'],
    ['an option without help', { options: { a: { kind: 'string' } } }, 'options.a.help is missing'],
    ['an unknown option', { readMaxByte: 1 }, 'readMaxByte is unknown: did you mean readMaxBytes?'],
    ['a flag as an option', { port: 8080 }, 'port is unknown: use defaults: { port: ... }'],
    ['a flag with its dashes', { 'drain-delay': 1 }, "drain-delay is unknown: use defaults: { 'drain-delay': ... }"],
    ['a flag in camel case', { logLevel: 'warn' }, "logLevel is unknown: use defaults: { 'log-level': ... }"],
    ['no routes', { routes: undefined }, 'routes must be a function that takes a ConnectRouter'],
    ['routes that are no function', { routes: [] }, 'routes must be a function that takes a ConnectRouter'],
    [
      'two with one variable',
      { options: { a: { kind: 'string', env: 'X', help: '' }, b: { kind: 'string', env: 'X', help: '' } } },
      'options.b: the variable X is that of --a',
    ],
  ])('%s', async (_what, options, message) => {
    await expect(serveHere(options)).rejects.toThrow(`serve: ${message}`)
  })

  function own(name: string, option: object): object {
    return { options: { [name]: { help: 'x', ...option } } }
  }
})

describe('the log of serve', () => {
  async function linesOf(options: (log: LogCapture) => Partial<ServeOptions<OwnOptions>>): Promise<LogLine[]> {
    const log = new LogCapture()
    const server = await serve({ env: {}, argv: ['--port=0'], routes() {}, ownsProcess: false, ...options(log) })
    await exchangeHttp1(server.address, { method: 'GET', path: '/nothing' })
    await server.drain()
    return log.lines
  }

  const stream = (log: LogCapture) => ({ write: (line: string) => void log.lines.push(JSON.parse(line)) })

  test('goes where options of pino say, with the name of the program', async () => {
    const lines = await linesOf((log) => ({ name: 'shop', logger: { stream: stream(log) } }))
    expect(lines.find(({ msg }) => msg === 'request')).toMatchObject({ name: 'shop', status: 404 })
  })

  test('goes to a logger, whose level a flag changes', async () => {
    const withInfo = await linesOf((log) => ({ logger: log.logger }))
    expect(withInfo.map(({ msg }) => msg)).toContain('request')
    const withFlag = await linesOf((log) => ({ logger: log.logger, argv: ['--port=0', '--log-level=error'] }))
    expect(withFlag).toEqual([])
  })

  test('can be turned off', async () => {
    const write = vi.spyOn(process.stderr, 'write')
    onTestFinished(() => write.mockRestore())
    await linesOf(() => ({ logger: false, routes: (router) => void router }))
    expect(write).not.toHaveBeenCalled()
  })
})

test('when serve does not own the process, it throws instead of exiting, and installs no signal handlers', async () => {
  const before = process.listenerCount('SIGTERM')
  const server = await serveHere({
    argv: ['--size', '4'],
    options: { size: { kind: 'integer', default: 1, help: 'size' }, mode: { kind: ['a', 'b'], help: 'mode' } },
  })
  const size: number = server.options.size
  const mode: 'a' | 'b' | undefined = server.options.mode
  expect([size, mode]).toEqual([4, undefined])
  expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  await expect(serveHere({ argv: [`--port=${new URL(server.address).port}`] })).rejects.toThrow('is in use')
  await expect(serveHere({ argv: ['--port=x'] })).rejects.toThrow('--port: "x"')
  await expect(serveHere({ setup: () => Promise.reject(new Error('no database')) })).rejects.toThrow('no database')
  expect(process.listenerCount('SIGTERM')).toBe(before)
  expect(await server.drain()).toBe(true)
})
