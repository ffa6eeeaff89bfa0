/** Handlers see ordinary requests over our own HTTP/2 as they see those over HTTP/1.1. */
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { describe, expect, test } from 'vitest'
import { endOf, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { exchangeOn, readHttp2 } from '../support/exchange.ts'
import { openSession, startNativeFastify } from '../support/native-fastify.ts'

/** The caller's address and certificate, as a handler sees them. */
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

  test('over TLS, with the client certificate', async () => {
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

  test('has its fields in order, cookies joined, and no connection-specific fields', async () => {
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

  test('stream both ways at once, each at the pace of its reader', async () => {
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
      // A slow reader.
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

  test('a response sent before the body ends closes the stream without an error', async () => {
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
