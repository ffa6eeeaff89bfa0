/** Ordinary requests over our own HTTP/2 reach Fastify as true requests and responses of node:http, and pass no client. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import http, { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sayHello } from '../support/calls.ts'
import { exchangeOn, readHttp2 } from '../support/exchange.ts'
import { openSession, startNativeFastify } from '../support/native-fastify.ts'

const GET = { method: 'GET', path: '/' }

/** The routes have a scope of their own, whose hooks do not run for calls. */
async function startAndOpen(addRoutes: (app: FastifyInstance) => unknown) {
  const { origin } = await startNativeFastify((app) =>
    app.register(async (scope) => {
      await addRoutes(scope)
    }),
  )
  return openSession(origin)
}

/** Takes bodies as streams. */
function streamBodies(app: FastifyInstance): void {
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

test('they keep working with the prototypes of node:http, which frameworks set', async () => {
  const session = await startAndOpen((app) => {
    app.addHook('onRequest', async ({ raw: request }, { raw: response }) => {
      expect(request).toBeInstanceOf(IncomingMessage)
      expect(response).toBeInstanceOf(ServerResponse)
      // As Express and middie do.
      Object.setPrototypeOf(request, Object.create(IncomingMessage.prototype))
      Object.setPrototypeOf(response, Object.create(ServerResponse.prototype))
    })
    app.post('/', async ({ body, raw }, reply) => {
      reply.trailer('x-sum', async () => '1')
      return { body, version: raw.httpVersion, major: raw.httpVersionMajor, minor: raw.httpVersionMinor }
    })
  })
  const headers = { 'content-type': 'application/json' }
  const answer = await exchangeOn(session, { path: '/', headers, body: '[1]' })
  expect(JSON.parse(answer.body.toString())).toEqual({ body: [1], version: '2.0', major: 2, minor: 0 })
  expect(answer.trailers['x-sum']).toBe('1')
})

test('none of it is an outgoing request of node:http', async () => {
  const sent: unknown[] = []
  const { request, get } = http
  const onStart = (message: unknown) => sent.push(message)
  Object.assign(http, { request: onStart, get: onStart })
  subscribe('http.client.request.created', onStart)
  onTestFinished(() => {
    Object.assign(http, { request, get })
    unsubscribe('http.client.request.created', onStart)
  })
  const session = await startAndOpen((app) => app.get('/', async () => 'text'))
  expect((await exchangeOn(session, GET)).body.toString()).toBe('text')
  expect(sent).toEqual([])
})

describe('instrumentation of node:http servers sees them', () => {
  test('through its diagnostics channels', async () => {
    const seen: string[] = []
    for (const name of ['http.server.request.start', 'http.server.response.finish']) {
      const note = (message: unknown) => {
        const { request, response, socket, server } = message as Record<string, unknown>
        expect(request).toBeInstanceOf(IncomingMessage)
        expect(response).toBeInstanceOf(ServerResponse)
        expect((request as IncomingMessage).socket).toBe(socket)
        expect(server).toBeInstanceOf(http.Server)
        seen.push(`${name} ${(request as IncomingMessage).url}`)
      }
      subscribe(name, note)
      onTestFinished(() => {
        unsubscribe(name, note)
      })
    }
    const session = await startAndOpen((app) => app.get('/', async () => 'text'))
    await exchangeOn(session, GET)
    expect(seen).toEqual(['http.server.request.start /', 'http.server.response.finish /'])
  })

  test('through a patched emit', async () => {
    const events: unknown[] = []
    const { emit } = http.Server.prototype
    http.Server.prototype.emit = function (this: http.Server, event: string, ...args: unknown[]) {
      if (event === 'request') events.push((args[0] as IncomingMessage).url)
      return emit.call(this, event, ...args)
    }
    onTestFinished(() => {
      http.Server.prototype.emit = emit
    })
    const session = await startAndOpen((app) => app.get('/', async () => 'text'))
    await exchangeOn(session, GET)
    expect(events).toEqual(['/'])
  })
})

test('an AsyncLocalStorage context entered by a handler stays within its request', async () => {
  const storage = new AsyncLocalStorage<string>()
  const found: (string | undefined)[] = []
  const session = await startAndOpen((app) => {
    app.addHook('onRequest', (request, _reply, done) => {
      found.push(storage.getStore())
      storage.enterWith(request.url)
      done()
    })
    app.get('/*', async ({ url }) => {
      await delay(1)
      expect(storage.getStore()).toBe(url)
      return url
    })
  })
  // All at once, so that one read of the connection brings several.
  const paths = Array.from({ length: 20 }, (_, at) => `/${at}`)
  const answers = await Promise.all(paths.map((path) => exchangeOn(session, { method: 'GET', path })))
  expect(answers.map(({ body }) => body.toString())).toEqual(paths)
  expect(found).toEqual(paths.map(() => undefined))
})

describe('the socket of a request', () => {
  test.each([
    ['raw.socket', (request: IncomingMessage) => request.socket],
    ['the request', (request: IncomingMessage) => request],
  ])('ends only its stream when %s is destroyed', async (_name, pick) => {
    const session = await startAndOpen((app) => {
      app.get('/', ({ raw }) => {
        pick(raw).destroy()
      })
      app.get('/other', async () => 'text')
    })
    const stream = session.request({ ':path': '/' })
    await readHttp2(stream).catch(() => {})
    expect(stream.rstCode).toBe(2)
    expect((await exchangeOn(session, { method: 'GET', path: '/other' })).body.toString()).toBe('text')
    expect((await exchangeOn(session, sayHello('grpc'))).status).toBe(200)
  })

  test('stays open until the finish listeners of the response have run', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const session = await startAndOpen((app) => {
      app.addHook('onResponse', async ({ socket, ip }) => resolve([socket.destroyed, socket.remotePort, ip]))
      app.get('/', async () => 'text')
    })
    await exchangeOn(session, GET)
    expect(await promise).toEqual([false, session.socket.localPort, '127.0.0.1'])
  })

  test('has a timeout, which ends the stream unless there is a listener', async () => {
    const session = await startAndOpen((app) => {
      app.get('/heard', (_request, reply) => {
        reply.raw.setTimeout(1, () => reply.code(504).send('late'))
      })
      app.get('/unheard', ({ raw }) => {
        raw.socket.setTimeout(1)
      })
    })
    expect((await exchangeOn(session, { method: 'GET', path: '/heard' })).status).toBe(504)
    const stream = session.request({ ':path': '/unheard' })
    await readHttp2(stream).catch(() => {})
    expect(stream.rstCode).toBe(2)
  })
})

describe('request and response close', () => {
  test('once the response is sent, whether the body was read or not', async () => {
    const closed: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const note = (event: string) => {
      closed.push(event)
      if (closed.length === 4) resolve()
    }
    const session = await startAndOpen((app) => {
      streamBodies(app)
      app.post('/*', async ({ raw, url, body }, reply) => {
        raw.on('close', () => note(`request ${url}`)).on('aborted', () => note(`aborted ${url}`))
        reply.raw.on('close', () => note(`response ${url}`))
        if (url === '/read') for await (const _chunk of body as AsyncIterable<Buffer>);
        return 'text'
      })
    })
    for (const path of ['/read', '/unread']) {
      await exchangeOn(session, { path, headers: { 'content-type': 'text/x' }, body: 'x'.repeat(100_000) })
    }
    await promise
    expect(closed.sort()).toEqual(['request /read', 'request /unread', 'response /read', 'response /unread'])
  })

  test('a handler may read a fully received body after responding', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const session = await startAndOpen((app) => {
      streamBodies(app)
      app.post('/', async ({ body, raw }, reply) => {
        while (raw.readableLength === 0) await delay(1)
        await delay(20)
        reply.send('early')
        let bytes = 0
        for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length
        resolve(bytes)
        return reply
      })
    })
    const body = 'x'.repeat(120_000)
    const answer = await exchangeOn(session, { path: '/', headers: { 'content-type': 'text/x' }, body })
    expect(answer.body.toString()).toBe('early')
    expect(await promise).toBe(body.length)
  })

  test('a reader of a body that never arrives gets an error', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const session = await startAndOpen((app) => {
      streamBodies(app)
      app.post('/', async ({ body, raw }, reply) => {
        pipeline(body as IncomingMessage, async (source) => {
          for await (const _chunk of source) reply.send('early')
        }).catch(resolve)
        await once(raw, 'close')
        return reply
      })
    })
    const stream = session.request({ ':method': 'POST', ':path': '/', 'content-type': 'text/x' })
    stream.write('some')
    expect((await readHttp2(stream)).body.toString()).toBe('early')
    expect(await promise).toMatchObject({ message: 'aborted' })
    expect((await exchangeOn(session, sayHello('grpc'))).status).toBe(200)
  })

  test('a response waits for a slow reader, and its writer gets drain', async () => {
    const piece = Buffer.alloc(65_536, 'x')
    const pieces = 64
    let written = 0
    const session = await startAndOpen((app) =>
      app.get('/', async (_request, reply) => {
        reply.hijack()
        for (; written < pieces; written++) {
          if (!reply.raw.write(piece)) await once(reply.raw, 'drain')
        }
        reply.raw.end()
      }),
    )
    const stream = session.request({ ':path': '/' })
    await once(stream, 'response')
    for (let turns = 0; turns < 20; turns++) await exchangeOn(session, sayHello('grpc'))
    expect(written).toBeLessThan(pieces / 2)
    let bytes = 0
    for await (const chunk of stream) bytes += (chunk as Buffer).length
    expect(bytes).toBe(pieces * piece.length)
  })

  test('a response that HTTP/2 cannot carry is logged', async () => {
    const { origin, app } = await startNativeFastify((instance) =>
      instance.get('/', (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-length': '1' }).end('text')
      }),
    )
    const lines: unknown[] = []
    app.log.error = (line: unknown) => lines.push(line)
    const session = await openSession(origin)
    await readHttp2(session.request({ ':path': '/' })).catch(() => {})
    expect(lines).toMatchObject([{ err: { name: 'MalformedResponseError' } }])
  })
})
