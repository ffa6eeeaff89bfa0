/** Ordinary requests over our own HTTP/2 reach Fastify as those over HTTP/1.1 do. */
import { once } from 'node:events'
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { describe, expect, test } from 'vitest'
import { endOf, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { exchangeHttp1, exchangeOn, readHttp2 } from '../support/exchange.ts'
import { openSession, startNativeFastify } from '../support/native-fastify.ts'

/** What a handler is told of who asks. */
function describeRequest(request: FastifyRequest) {
  const { protocol, ip, hostname, host, method, url, raw } = request
  const { encrypted, remotePort } = raw.socket as unknown as { encrypted: boolean; remotePort: number }
  return { protocol, ip, hostname, host, method, url, encrypted, remotePort }
}

describe('the request that a handler sees', () => {
  test('in the clear', async () => {
    const { origin, host } = await startNativeFastify((app) =>
      app.get('/who', async (request) => describeRequest(request)),
    )
    const session = await openSession(origin)
    const { status, body } = await exchangeOn(session, { method: 'GET', path: '/who?a=1' })
    expect(status).toBe(200)
    expect(JSON.parse(body.toString())).toEqual({
      protocol: 'http',
      ip: '127.0.0.1',
      hostname: '127.0.0.1',
      host,
      method: 'GET',
      url: '/who?a=1',
      encrypted: false,
      remotePort: session.socket.localPort,
    })
  })

  test('over TLS, with the certificate of the client', async () => {
    const { ca, server, client } = await testCertificates()
    const { origin } = await startNativeFastify(
      (app) =>
        app.get('/who', async (request) => {
          const socket = request.raw.socket as unknown as {
            authorized: boolean
            getPeerCertificate(): { subject: { CN: string } }
            getProtocol(): string
          }
          return {
            ...describeRequest(request),
            subject: socket.getPeerCertificate().subject.CN,
            authorized: socket.authorized,
            version: socket.getProtocol(),
          }
        }),
      { tls: { ...server, ca } },
    )
    const session = await openSession(origin, { ca, servername: 'localhost', ...client })
    const { body } = await exchangeOn(session, { method: 'GET', path: '/who' })
    expect(JSON.parse(body.toString())).toMatchObject({
      protocol: 'https',
      ip: '127.0.0.1',
      encrypted: true,
      authorized: true,
      version: 'TLSv1.3',
      subject: expect.stringMatching(/./),
    })
  })

  test('has its fields in order, cookies in one, and none of a connection', async () => {
    const { origin, host } = await startNativeFastify((app) => app.get('/', async ({ raw }) => raw.rawHeaders))
    const session = await openSession(origin)
    const headers = { 'x-a': ['1', '2'], cookie: ['a=1', 'b=2'], te: 'trailers', 'user-agent': 'test' }
    const { body } = await exchangeOn(session, { method: 'GET', path: '/', headers })
    expect(JSON.parse(body.toString())).toEqual([
      ...['host', host],
      ...['x-a', '1', 'x-a', '2'],
      ...['cookie', 'a=1; b=2'],
      ...['te', 'trailers'],
      ...['user-agent', 'test'],
    ])
  })

  test('is refused where HTTP/1.1 has no words for it', async () => {
    const { origin } = await startNativeFastify((app) => app.get('/*', async () => 'never'))
    const session = await openSession(origin)
    expect((await exchangeOn(session, { method: 'GET', path: '/ö' })).status).toBe(400)
    expect((await exchangeOn(session, { method: 'GET', path: '/a b' })).status).toBe(400)
    expect((await exchangeOn(session, { method: 'INVENTED', path: '/' })).status).toBe(400)
    expect((await exchangeOn(session, { method: 'GET', path: '/fine' })).status).toBe(200)
  })
})

describe('bodies', () => {
  test.each([
    ['whole, with its length', { 'content-length': '11' }],
    ['whole, without its length', {}],
  ])('%s', async (_how, headers) => {
    const { origin } = await startNativeFastify((app) => app.post('/echo', async ({ body }) => body))
    const session = await openSession(origin)
    const body = '{"a":"bet"}'
    const init = { path: '/echo', headers: { 'content-type': 'application/json', ...headers } }
    const answer = await exchangeOn(session, { ...init, body })
    expect(answer.body.toString()).toBe(body)
    expect(answer.headers['content-length']).toBe('11')
  })

  test('streams both ways at once, each at the pace of its reader', async () => {
    const { origin } = await startNativeFastify((app) => {
      app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
      app.post('/echo', async (request, reply) => reply.type('application/octet-stream').send(request.body))
    })
    const session = await openSession(origin)
    const stream = session.request({ ':method': 'POST', ':path': '/echo', 'content-type': 'application/octet-stream' })
    const piece = Buffer.alloc(65_536, 'p')
    const pieces = 160
    Readable.from(Array.from({ length: pieces }, () => piece)).pipe(stream)
    let bytes = 0
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length
      // A reader that takes its time.
      await new Promise(setImmediate)
    }
    expect(bytes).toBe(pieces * piece.length)
  })

  test('a handler that does not read holds the client back', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const { origin } = await startNativeFastify((app) => {
      app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
      app.post('/later', async ({ body }) => {
        await opened
        let bytes = 0
        for await (const chunk of body as Readable) bytes += (chunk as Buffer).length
        return { bytes }
      })
    })
    const session = await openSession(origin)
    const stream = session.request({ ':method': 'POST', ':path': '/later', 'content-type': 'application/octet-stream' })
    const answer = readHttp2(stream)
    const piece = Buffer.alloc(65_536)
    const pieces = 128
    let taken = 0
    function* body(): Generator<Buffer> {
      for (; taken < pieces; taken++) yield piece
    }
    Readable.from(body()).pipe(stream)
    for (let before = -1; before !== taken; ) {
      before = taken
      for (let call = 0; call < 20; call++) await exchangeOn(session, sayHello('grpc'))
    }
    expect(taken * piece.length).toBeLessThan(2 * 1_048_576)
    open()
    expect(JSON.parse((await answer).body.toString())).toEqual({ bytes: pieces * piece.length })
  })

  test('an answer that does not wait for the body ends the stream without an error', async () => {
    const { origin } = await startNativeFastify((app) => {
      app.post('/small', { bodyLimit: 10 }, async () => 'never')
    })
    const session = await openSession(origin)
    const stream = session.request({ ':method': 'POST', ':path': '/small', 'content-type': 'application/json' })
    stream.write(`"${'x'.repeat(100)}`)
    expect((await readHttp2(stream)).status).toBe(413)
    expect(stream.rstCode).toBe(0)
    expect(endOf('grpc', await exchangeOn(session, sayHello('grpc'))).code).toBe('ok')
  })
})

describe('trailers', () => {
  test('of the request', async () => {
    const { origin } = await startNativeFastify((app) => {
      app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body))
      app.post('/', async ({ raw, body }) => ({ body, trailers: raw.trailers }))
    })
    const session = await openSession(origin)
    const stream = session.request(
      { ':method': 'POST', ':path': '/', 'content-type': 'text/plain', trailer: 'x-sum' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }))
    stream.end('text')
    const { body } = await readHttp2(stream)
    expect(JSON.parse(body.toString())).toEqual({ body: 'text', trailers: { 'x-sum': '42' } })
  })

  test('of the response', async () => {
    const { origin } = await startNativeFastify((app) =>
      app.get('/', async (_request, reply) => {
        reply.trailer('x-sum', async () => '42')
        return 'text'
      }),
    )
    const session = await openSession(origin)
    const answer = await exchangeOn(session, { method: 'GET', path: '/' })
    expect(answer.body.toString()).toBe('text')
    expect(answer.trailers).toMatchObject({ 'x-sum': '42' })
    expect(answer.headers['transfer-encoding']).toBeUndefined()
  })
})

describe('interim responses', () => {
  test('early hints arrive before the answer', async () => {
    const { origin } = await startNativeFastify((app) =>
      app.get('/', async (_request, reply) => {
        reply.raw.writeEarlyHints({ link: '</a.css>; rel=preload' })
        return 'text'
      }),
    )
    const session = await openSession(origin)
    const stream = session.request({ ':path': '/' })
    const seen: IncomingHttpHeaders[] = []
    stream.on('headers', (headers) => seen.push(headers))
    expect((await readHttp2(stream)).status).toBe(200)
    expect(seen).toMatchObject([{ ':status': 103, link: '</a.css>; rel=preload' }])
  })

  test('100 Continue is sent to those who ask for it', async () => {
    const { origin } = await startNativeFastify((app) => app.post('/', async ({ body }) => body))
    const session = await openSession(origin)
    const headers = { 'content-type': 'application/json', 'content-length': '2', expect: '100-continue' }
    const stream = session.request({ ':method': 'POST', ':path': '/', ...headers })
    const answer = readHttp2(stream)
    await once(stream, 'continue')
    stream.end('{}')
    expect((await answer).body.toString()).toBe('{}')
  })
})

describe('responses without a body', () => {
  test('end with their head', async () => {
    const { origin } = await startNativeFastify((app) => {
      app.get('/text', async () => 'text')
      app.get('/none', async (_request, reply) => reply.code(204).send())
      app.get('/same', async (_request, reply) => reply.code(304).send())
      app.get('/empty', async () => '')
    })
    const session = await openSession(origin)
    const headOf = async (method: string, path: string) => {
      const stream = session.request({ ':method': method, ':path': path })
      const [[headers, flags]] = await Promise.all([once(stream, 'response'), once(stream.resume(), 'close')])
      return { status: headers[':status'], length: headers['content-length'], endsStream: (flags & 1) === 1 }
    }
    expect(await headOf('HEAD', '/text')).toEqual({ status: 200, length: '4', endsStream: true })
    expect(await headOf('GET', '/none')).toEqual({ status: 204, length: undefined, endsStream: true })
    expect(await headOf('GET', '/same')).toEqual({ status: 304, length: undefined, endsStream: true })
    expect(await headOf('GET', '/empty')).toEqual({ status: 200, length: '0', endsStream: true })
    expect(await headOf('GET', '/text')).toEqual({ status: 200, length: '4', endsStream: false })
  })
})

test('fields of a connection never go out, and cookies go out one by one', async () => {
  const { origin } = await startNativeFastify((app) =>
    app.get('/', async (_request, reply) => {
      reply.headers({ connection: 'close', 'keep-alive': 'timeout=5', upgrade: 'h3', 'X-Mixed': 'Case' })
      reply.header('set-cookie', ['a=1', 'b=2'])
      return 'text'
    }),
  )
  const session = await openSession(origin)
  const { headers } = await exchangeOn(session, { method: 'GET', path: '/' })
  expect(
    Object.keys(headers).filter((name) => /^(connection|keep-alive|upgrade|transfer-encoding)$/.test(name)),
  ).toEqual([])
  expect(headers['x-mixed']).toBe('Case')
  expect(headers['set-cookie']).toEqual(['a=1', 'b=2'])
})

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

  test('a client that leaves in the middle of its body is no client that has finished', async () => {
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
  ])('a handler that breaks off its response %s resets the stream', async (_when, hasBegun) => {
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

describe('calls', () => {
  test('are answered before the router on both versions of HTTP, and ordinary requests are not', async () => {
    const routed: string[] = []
    const { origin } = await startNativeFastify((app) => {
      app.addHook('onSend', async ({ url }) => {
        routed.push(url)
      })
      app.get('/about', async () => 'about')
    })
    const session = await openSession(origin)
    expect(endOf('grpc', await exchangeOn(session, sayHello('grpc'))).code).toBe('ok')
    expect(endOf('connect', await exchangeHttp1(origin, sayHello('connect'))).code).toBe('ok')
    expect((await exchangeOn(session, { method: 'GET', path: '/about' })).status).toBe(200)
    expect((await exchangeHttp1(origin, { method: 'GET', path: '/about' })).status).toBe(200)
    expect(routed).toEqual(['/about', '/about'])
  })

  test("to a path that nobody serves are answered in their own protocol; the 404 of others is the user's", async () => {
    const { origin } = await startNativeFastify((app) => {
      app.setNotFoundHandler((_request, reply) => reply.code(404).send('not here'))
    })
    const session = await openSession(origin)
    const path = '/nobody.Serves/This'
    expect(endOf('grpc', await exchangeOn(session, { ...sayHello('grpc'), path }))).toMatchObject({
      code: 'grpc-status 12',
    })
    expect((await exchangeOn(session, { method: 'POST', path, body: '{}' })).body.toString()).toBe('not here')
  })
})

test('a head that HTTP/2 gives another verdict than fine never reaches Fastify', async () => {
  const { origin } = await startNativeFastify((app) => app.get('/*', async () => 'never'))
  const session = await openSession(origin)
  const headers = { ':authority': 'here', host: 'elsewhere' }
  expect((await exchangeOn(session, { method: 'GET', path: '/', headers })).status).toBe(400)
  const connect: ClientHttp2Stream = session.request({ ':method': 'CONNECT', ':authority': 'a:1' })
  expect((await readHttp2(connect)).status).toBe(501)
})

describe('what a peer sets or sends never becomes an error that nobody catches', () => {
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

  test('early hints above its limit of header lists are left out', async () => {
    const { origin } = await startLarge()
    const session = await openSession(origin, TINY)
    expect((await exchangeOn(session, { method: 'GET', path: '/hints' })).body.toString()).toBe('text')
  })

  test.each(['/trailers', '/head'])(
    'a response with %s above it is reset, and the connection goes on',
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
  ])('trailers that HTTP/1.1 has no words for, %s, end their request alone', async (_when, body) => {
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
