/** Responses of Fastify to ordinary requests arrive over our own HTTP/2 as they do over HTTP/1.1. */
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { exchangeOn, readHttp2 } from '../support/exchange.ts'
import { openSession, startNativeFastify } from '../support/native-fastify.ts'

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
  test('early hints arrive before the response', async () => {
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

  test('100 Continue is sent when requested', async () => {
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
  test('end with their headers', async () => {
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

test('connection-specific fields are never sent, and cookies are sent one by one', async () => {
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
