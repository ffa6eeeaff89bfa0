/** Every way of closing a Fastify with a port ends within the drain timeout, whatever still runs. */
import dns from 'node:dns'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type FastifyServerOptions, fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { OnePortServer } from '../../server/listen/one-port-server.ts'
import { portico } from '../../server/plugin.ts'
import { callHeaders, SAY_HELLO } from '../support/calls.ts'
import { openSession } from '../support/native-fastify.ts'
import { RawSocket } from '../support/raw-socket.ts'

async function start(options: FastifyServerOptions, host = '127.0.0.1') {
  const app = fastify({ ...onePort({ drainTimeoutMs: 50 }), ...options })
  await app.register(portico, { routes: (router) => router.service(GreeterService, { sayHello: () => never() }) })
  app.get('/endless', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200).write('begun')
  })
  await app.listen({ port: 0, host })
  onTestFinished(() => app.close())
  return { app, port: (app.server.address() as AddressInfo).port }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

/** Requests that do not end by themselves. Each returns a promise that settles when its client is cut off. */
const OPEN: Readonly<Record<string, (port: number) => Promise<() => Promise<unknown>>>> = {
  async 'a response over HTTP/1.1'(port) {
    const raw = await RawSocket.open({ port })
    raw.write('GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await raw.untilText('begun')
    return () => raw.closed
  },
  async 'a response over HTTP/2'(port) {
    const session = await openSession(`http://127.0.0.1:${port}`)
    const stream = session.request({ ':path': '/endless' })
    stream.on('error', () => {})
    await once(stream, 'data')
    return () => (stream.closed ? Promise.resolve() : once(stream, 'close'))
  },
  async 'a call over HTTP/2'(port) {
    const session = await openSession(`http://127.0.0.1:${port}`)
    const stream = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders('grpc') })
    stream.on('error', () => {}).resume()
    stream.end(Buffer.alloc(5))
    await new Promise<void>((resolve) => session.ping(() => resolve()))
    return () => (stream.closed ? Promise.resolve() : once(stream, 'close'))
  },
  async 'a connection that has said nothing'(port) {
    const raw = await RawSocket.open({ port })
    return () => raw.closed
  },
}

describe.each([
  ['by default', {}],
  ['with forceCloseConnections: "idle"', { forceCloseConnections: 'idle' }],
  ['with forceCloseConnections: true', { forceCloseConnections: true }],
  ['with forceCloseConnections: false', { forceCloseConnections: false }],
] satisfies [string, FastifyServerOptions][])('%s', (_name, options) => {
  test.each(Object.entries(OPEN))('app.close() ends %s', async (_what, open) => {
    const { app, port } = await start(options)
    const cutOff = await open(port)
    await app.close()
    await cutOff()
  })
})

test('the port is closed at once when connections are forced to close', async () => {
  const app = fastify({ ...onePort({ drainTimeoutMs: 3_600_000 }), forceCloseConnections: true })
  app.get('/endless', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200).write('begun')
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const cutOff = await OPEN['a response over HTTP/1.1']?.((app.server.address() as AddressInfo).port)
  await app.close()
  await cutOff?.()
})

test('closeAllConnections() closes what is open, and the port keeps listening', async () => {
  const { app, port } = await start({})
  expect(app.server).toBeInstanceOf(OnePortServer)
  const cutOff = await OPEN['a response over HTTP/2']?.(port)
  app.server.closeAllConnections()
  await cutOff?.()
  await OPEN['a response over HTTP/2']?.(port)
})

describe('listening on localhost', () => {
  const ADDRESSES = ['127.0.0.1', '127.0.0.2', '192.0.2.1']

  /** A machine whose localhost has several addresses, one of which cannot be bound. */
  function resolveToSeveral(): void {
    const { lookup } = dns
    const lookUp = lookup as unknown as (...given: unknown[]) => void
    const fake = (host: string, options: dns.LookupOptions, done: (...results: unknown[]) => void) => {
      if (host !== 'localhost') lookUp(host, options, done)
      else if (options.all)
        done(
          null,
          ADDRESSES.map((address) => ({ address, family: 4 })),
        )
      else done(null, ADDRESSES[0], 4)
    }
    Object.assign(dns, { lookup: fake })
    syncBuiltinESMExports()
    onTestFinished(() => {
      Object.assign(dns, { lookup })
      syncBuiltinESMExports()
    })
  }

  test('binds all addresses, and closes them with the first one', async () => {
    resolveToSeveral()
    const { app, port } = await start({}, 'localhost')
    const socket = await RawSocket.open({ port, host: '127.0.0.2' })
    socket.write('GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await socket.untilText('begun')
    await app.close()
    await socket.closed
    const refused = await RawSocket.open({ port, host: '127.0.0.2' }).catch((error: Error) => error)
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('a port closed before it could open stays closed', async () => {
    resolveToSeveral()
    const server = onePort().serverFactory(() => {}, {}) as unknown as OnePortServer
    server.listen({ port: 0, host: 'localhost' })
    await new Promise<void>((resolve) => server.close(() => resolve()))
    await new Promise(setImmediate)
    expect(server.listening).toBe(false)
  })
})
