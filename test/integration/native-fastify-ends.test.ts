/** Ordinary requests over our own HTTP/2 that either side aborts do not affect others. */
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { describe, expect, test } from 'vitest'
import { sayHello } from '../support/calls.ts'
import { exchangeOn, readHttp2 } from '../support/exchange.ts'
import { openSession, startNativeFastify } from '../support/native-fastify.ts'

describe('aborts', () => {
  test('a client that resets its stream closes the request and the response of the handler', async () => {
    const { promise: seen, resolve: see } = Promise.withResolvers<FastifyRequest>()
    const { promise: left, resolve: leave } = Promise.withResolvers<unknown[]>()
    const { origin } = await startNativeFastify((app) =>
      app.get('/', (request, reply) => {
        const closed = [once(request.raw.socket, 'close'), once(reply.raw, 'close')]
        see(request)
        Promise.all(closed).then(leave)
      }),
    )
    const session = await openSession(origin)
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    await seen
    stream.close(8)
    await left
    expect((await exchangeOn(session, sayHello('grpc'))).status).toBe(200)
  })

  test('a client that disconnects mid-body does not end the body', async () => {
    const { promise: failed, resolve: fail } = Promise.withResolvers<Error>()
    const { promise: began, resolve: begin } = Promise.withResolvers<void>()
    const { origin } = await startNativeFastify((app) => {
      app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
      app.post('/', async ({ body }) => {
        try {
          for await (const chunk of body as Readable) if (chunk) begin()
        } catch (error) {
          fail(error as Error)
        }
        return 'done'
      })
    })
    const session = await openSession(origin)
    const stream = session.request({ ':method': 'POST', ':path': '/', 'content-type': 'application/octet-stream' })
    stream.on('error', () => {})
    stream.write('half')
    await began
    session.destroy()
    expect((await failed).message).toBe('aborted')
  })

  test.each([
    ['before its head', false],
    ['in the middle of its body', true],
  ])('a handler that aborts its response %s resets the stream', async (_when, hasBegun) => {
    const { origin } = await startNativeFastify((app) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        if (hasBegun) reply.raw.write('half')
        setImmediate(() => reply.raw.destroy())
      }),
    )
    const session = await openSession(origin)
    const stream = session.request({ ':path': '/' })
    await readHttp2(stream).catch(() => {})
    expect(stream.rstCode).toBe(2)
    expect((await exchangeOn(session, sayHello('grpc'))).status).toBe(200)
  })
})

describe('what a peer sets or sends never becomes an uncaught error', () => {
  const TINY = { settings: { maxHeaderListSize: 300 } }
  const LARGE = 'x'.repeat(1_000)

  async function startLarge() {
    return startNativeFastify((app) => {
      app.get('/hints', async (_request, reply) => {
        reply.raw.writeEarlyHints({ link: '</a.css>; rel=preload', 'x-large': LARGE })
        return 'text'
      })
      app.get('/trailers', async (_request, reply) => {
        reply.trailer('x-large', async () => LARGE)
        return 'text'
      })
      app.get('/head', async (_request, reply) => reply.header('x-large', LARGE).send('text'))
      app.post('/body', async () => 'text')
    })
  }

  test("omits early hints above the peer's header list limit", async () => {
    const { origin } = await startLarge()
    const session = await openSession(origin, TINY)
    expect((await exchangeOn(session, { method: 'GET', path: '/hints' })).body.toString()).toBe('text')
  })

  test.each(['/trailers', '/head'])(
    'a response with %s above it is reset, and the connection stays open',
    async (path) => {
      const { origin } = await startLarge()
      const session = await openSession(origin, TINY)
      const stream = session.request({ ':path': path })
      await readHttp2(stream).catch(() => {})
      expect(stream.rstCode).toBe(2)
      expect((await exchangeOn(session, { method: 'GET', path: '/hints' })).status).toBe(200)
    },
  )

  test.each([
    ['at once', ''],
    ['behind a body that the handler holds back', 'x'.repeat(400_000)],
  ])('trailers that HTTP/1.1 cannot express, %s, fail only their request', async (_when, body) => {
    const { origin } = await startLarge()
    const session = await openSession(origin)
    const headers = { 'content-type': 'application/json', trailer: 'x-bad' }
    const stream = session.request({ ':method': 'POST', ':path': '/body', ...headers }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-bad': 'a\u0001b' }))
    stream.end(`"${body}"`)
    await readHttp2(stream).catch(() => {})
    expect((await exchangeOn(session, { method: 'GET', path: '/hints' })).status).toBe(200)
  })
})
