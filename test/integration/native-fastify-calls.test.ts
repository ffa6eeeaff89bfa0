/** Which requests over our own HTTP/2 go to Fastify, and which do not. */
import type { ClientHttp2Stream } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { endOf, sayHello } from '../support/calls.ts'
import { exchangeHttp1, exchangeOn, readHttp2 } from '../support/exchange.ts'
import { openSession, startNativeFastify } from '../support/native-fastify.ts'

describe('calls', () => {
  test('are answered before the router on both HTTP versions, and ordinary requests are not', async () => {
    const routed: string[] = []
    const { origin } = await startNativeFastify(async (app) => {
      await app.register(async (scope) => {
        scope.addHook('onSend', async ({ url }) => {
          routed.push(url)
        })
        scope.get('/about', async () => 'about')
      })
    })
    const session = await openSession(origin)
    expect(endOf('grpc', await exchangeOn(session, sayHello('grpc'))).code).toBe('ok')
    expect(endOf('connect', await exchangeHttp1(origin, sayHello('connect'))).code).toBe('ok')
    expect((await exchangeOn(session, { method: 'GET', path: '/about' })).status).toBe(200)
    expect((await exchangeHttp1(origin, { method: 'GET', path: '/about' })).status).toBe(200)
    expect(routed).toEqual(['/about', '/about'])
  })

  test("to an unknown path are answered in their own protocol; the user's 404 handler gets other requests", async () => {
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

  test('to a path that has a Fastify route are left to it, as for a proxy; other paths and methods are not', async () => {
    const { origin } = await startNativeFastify((app) => {
      app.addContentTypeParser('application/grpc+proto', { parseAs: 'buffer' }, (_request, body, done) =>
        done(null, body),
      )
      app.post('/other.v1.Service/*', async (request, reply) => {
        const { byteLength } = request.body as Buffer
        return reply.headers({ 'content-type': 'application/grpc', 'grpc-status': 5, 'x-bytes': byteLength }).send()
      })
    })
    const session = await openSession(origin)
    const call = sayHello('grpc')
    const routed = { ...call, path: '/other.v1.Service/Method?a=1' }
    for (const answer of [await exchangeOn(session, routed), await exchangeHttp1(origin, routed)]) {
      expect(endOf('grpc', answer).code).toBe('grpc-status 5')
      expect(answer.headers['x-bytes']).toBe(String(call.body?.length))
    }
    const unserved = { ...call, path: '/another.v1.Service/Method' }
    expect(endOf('grpc', await exchangeOn(session, unserved)).code).toBe('grpc-status 12')
    expect(endOf('grpc', await exchangeOn(session, call)).code).toBe('ok')
  })

  test.each(['connect', 'connect-json', 'grpc-web'] as const)(
    'by app.inject() in %s are answered too',
    async (protocol) => {
      const { app } = await startNativeFastify(() => {})
      const { path: url, headers, body = '' } = sayHello(protocol)
      const answer = await app.inject({ method: 'POST', url, headers, payload: Buffer.from(body) })
      const { statusCode: status, rawPayload } = answer
      expect(endOf(protocol, { status, headers: {}, trailers: {}, body: rawPayload }).code).toBe('ok')
      expect(rawPayload.toString('latin1')).toContain('Hello Ada')
    },
  )
})

test('a rejected HTTP/2 request never reaches Fastify', async () => {
  const { origin } = await startNativeFastify((app) => app.get('/*', async () => 'never'))
  const session = await openSession(origin)
  const headers = { ':authority': 'here', host: 'elsewhere' }
  expect((await exchangeOn(session, { method: 'GET', path: '/', headers })).status).toBe(400)
  const connect: ClientHttp2Stream = session.request({ ':method': 'CONNECT', ':authority': 'a:1' })
  expect((await readHttp2(connect)).status).toBe(501)
})
