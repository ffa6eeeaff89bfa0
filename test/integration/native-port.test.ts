/** The port with the native lane: how it drains, what plugins share, and which options it rejects at startup. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { create, toBinary } from '@bufbuild/protobuf'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import type { PorticoOptions } from '../../server/plugin-options.ts'
import type { CallObserver } from '../../wire/call-observer.ts'
import { callHeaders, endOf, envelope, SAY_HELLO, sayHello } from '../support/calls.ts'
import { startDemo, startFastify } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2, exchangeOn, readHttp2 } from '../support/exchange.ts'
import { openSession, startNativeFastify } from '../support/native-fastify.ts'

const HELLO = envelope(toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'Ada' })))

const routes: PorticoOptions['routes'] = (router) =>
  router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) })

describe('a closing port', () => {
  test('sends GOAWAY twice, lets calls and ordinary requests finish, and closes the connection', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>()
    const { app, origin } = await startNativeFastify(
      (scope) =>
        scope.get('/slow', async () => {
          enter()
          await held
          return 'late'
        }),
      { drainTimeoutMs: 30_000 },
    )
    const session = await openSession(origin)
    const call = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders('grpc') })
    call.write(HELLO.subarray(0, 3))
    const ordinary = exchangeOn(session, { method: 'GET', path: '/slow' })
    await entered
    const lastIds: number[] = []
    session.on('goaway', (_code, lastId) => lastIds.push(lastId))
    const closed = app.close()
    while (lastIds.length < 2) await once(session, 'goaway')
    expect(lastIds).toEqual([2 ** 31 - 1, 3])
    call.end(HELLO.subarray(3))
    release()
    expect(endOf('grpc', await readHttp2(call)).code).toBe('ok')
    expect((await ordinary).body.toString()).toBe('late')
    await closed
  })

  test('ends open calls with UNAVAILABLE at the timeout, and reports it', async () => {
    const app = await createApp({ routes, listen: { drainTimeoutMs: 20 } })
    await app.fastify.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.fastify.server.address() as AddressInfo
    const session = await openSession(`http://127.0.0.1:${port}`)
    const call = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders('grpc') })
    const ended = readHttp2(call)
    call.write(HELLO.subarray(0, 3))
    await new Promise<void>((resolve) => session.ping(() => resolve()))
    expect(await app.drain()).toBe(false)
    expect(endOf('grpc', await ended).code).toBe('grpc-status 14')
  })
})

test('all addresses of a name serve the calls', async () => {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  await app.register(portico, { routes })
  await app.listen({ port: 0, host: 'localhost' })
  onTestFinished(() => app.close())
  for (const { address, port, family } of app.addresses() as AddressInfo[]) {
    const origin = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    expect(endOf('grpc', await exchangeHttp2(origin, sayHello('grpc'))).code).toBe('ok')
  }
})

test('plugins share a port, each with its own prefix and services', async () => {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  await app.register(portico, { routes })
  await app.register(async (scope) => scope.register(portico, { routes, prefix: '/inner' }), { prefix: '/outer' })
  const { origin } = await startFastify(app)
  for (const exchange of [exchangeHttp1, exchangeHttp2]) {
    for (const prefix of ['', '/outer/inner']) {
      const answer = await exchange(origin, { ...sayHello('connect-json'), path: prefix + SAY_HELLO })
      expect(answer.body.toString()).toBe('{"message":"Hello Ada"}')
    }
    expect((await exchange(origin, { ...sayHello('connect-json'), path: `/inner${SAY_HELLO}` })).status).toBe(404)
  }
})

describe('an error at startup', () => {
  test.each([
    ['two plugins that serve the same path', {}, /^portico: greeter\.v1\.GreeterService is registered twice/],
    [
      'plugins of one port on different lanes',
      { lane: 'reference', prefix: '/b' } as const,
      /already serves another lane/,
    ],
  ])('%s', async (_what, second, message) => {
    const app = fastify(onePort())
    onTestFinished(() => app.close())
    await app.register(portico, { routes })
    await expect(app.register(portico, { routes, ...second }).after()).rejects.toThrow(message)
  })

  test('HTTP/2 options out of range', () => {
    expect(() => onePort({ http2: { resetBurst: 0, streamWindowBytes: 1 } })).toThrow(
      /http2\.streamWindowBytes is 1, .*http2\.resetBurst is 0, /,
    )
  })
})

test('allows as many concurrent streams as configured, above what the default buffers would hold', async () => {
  const { origin } = await startDemo({ listen: { maxConcurrentStreams: 1_000 } })
  const session = await openSession(origin)
  if (session.remoteSettings.maxConcurrentStreams !== 1_000) await once(session, 'remoteSettings')
  expect(session.remoteSettings.maxConcurrentStreams).toBe(1_000)
})

test('a silent logger is never asked to write', async () => {
  const logger = pino({ level: 'silent' })
  const asked: string[] = []
  const watched = new Proxy(logger, {
    get(target, name, receiver) {
      if (['debug', 'info', 'warn', 'error', 'isLevelEnabled'].includes(String(name))) asked.push(String(name))
      return Reflect.get(target, name, receiver)
    },
  })
  const { origin } = await startDemo({ logger: watched })
  asked.length = 0
  expect(endOf('grpc', await exchangeHttp2(origin, sayHello('grpc'))).code).toBe('ok')
  expect(asked).toEqual([])
})

test('on a Fastify without onePort() calls use the reference lane, and the log says so', async () => {
  const lines: string[] = []
  const app = fastify({ logger: { stream: { write: (line: string) => lines.push(line) } } })
  await app.register(portico, { routes, lane: 'native' })
  const { origin } = await startFastify(app)
  expect(endOf('connect', await exchangeHttp1(origin, sayHello('connect'))).code).toBe('ok')
  expect(lines.join()).toContain('not made with onePort()')
})

test('observers of a plugin see every call, and its end', async () => {
  const ends: unknown[] = []
  const observer: CallObserver = {
    onStart: ({ protocol }) => ({ onEnd: ({ code }) => void ends.push({ protocol, code }) }),
  }
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  await app.register(portico, { routes, observers: [observer] })
  const { origin } = await startFastify(app)
  await exchangeHttp2(origin, sayHello('grpc'))
  await exchangeHttp1(origin, sayHello('connect'))
  expect(ends).toEqual([
    { protocol: 'grpc', code: undefined },
    { protocol: 'connect', code: undefined },
  ])
})
