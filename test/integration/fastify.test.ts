/** The plugin does not change the settings of the user's Fastify. */
import { type FastifyBaseLogger, fastify } from 'fastify'
import { expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import type { PorticoOptions } from '../../server/plugin-options.ts'
import { endOf, SAY_HELLO, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { startDemo, startFastify } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2, exchanges } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { RawSocket } from '../support/raw-socket.ts'

const PUBLISH = '/greeter.v1.GreeterService/Publish'
/** The native lane also names their long forms, such as `application/grpc+proto`. */
const UNARY_TYPES = ['application/grpc', 'application/grpc-web', 'application/json', 'application/proto']

const OPTIONS: PorticoOptions = {
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
}

test.each(UNARY_PROTOCOLS)('an unknown method is UNIMPLEMENTED in %s', async (protocol) => {
  const { origin } = await startDemo()
  for (const [, exchange] of exchanges) {
    const answer = await exchange(origin, { ...sayHello(protocol), path: '/no.Service/Method' })
    expect(endOf(protocol, answer).code).toBe(protocol.startsWith('grpc') ? 'grpc-status 12' : 'unimplemented')
  }
})

test.each(exchanges)('an unknown path over plain HTTP is a JSON 404 over %s', async (_version, exchange) => {
  const { origin } = await startDemo()
  const answer = await exchange(origin, { method: 'GET', path: '/nowhere' })
  expect(answer.status).toBe(404)
  expect(JSON.parse(answer.body.toString())).toMatchObject({ statusCode: 404 })
})

test("the user's not-found handler, routes, hooks and body parsers are used", async () => {
  const app = fastify(onePort())
  await app.register(portico, { ...OPTIONS, bypassHooks: ['mark'] })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('nobody here'))
  app.addHook('onRequest', async function mark(_request, reply) {
    reply.header('x-hook', 'ran')
  })
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => done(null, `csv ${body}`))
  app.post('/echo', async ({ body }) => ({ body }))
  const { origin } = await startFastify(app)
  expect((await exchangeHttp2(origin, { method: 'GET', path: '/nowhere' })).body.toString()).toBe('nobody here')
  const json = { path: '/echo', headers: { 'content-type': 'application/json' }, body: '{"a":1}' }
  const echoed = await exchangeHttp2(origin, json)
  expect(JSON.parse(echoed.body.toString())).toEqual({ body: { a: 1 } })
  expect(echoed.headers['x-hook']).toBe('ran')
  const csv = await exchangeHttp1(origin, { path: '/echo', headers: { 'content-type': 'text/csv' }, body: '1,2' })
  expect(JSON.parse(csv.body.toString())).toEqual({ body: 'csv 1,2' })
  expect(endOf('grpc', await exchangeHttp2(origin, sayHello('grpc'))).code).toBe('ok')
})

test('a Fastify without onePort serves what its server supports, and says so', async () => {
  const log = new LogCapture()
  const loggerInstance: FastifyBaseLogger = log.logger
  const app = fastify({ loggerInstance })
  await app.register(portico, OPTIONS)
  const { origin } = await startFastify(app)
  expect(endOf('connect', await exchangeHttp1(origin, sayHello('connect'))).code).toBe('ok')
  expect(log.lines.filter((line) => line.level === 40)).toMatchObject([{ msg: expect.stringContaining('onePort()') }])
})

test('with a prefix, methods are served below it and nowhere else', async () => {
  const app = fastify(onePort())
  await app.register(portico, { ...OPTIONS, prefix: '/api' })
  const { origin } = await startFastify(app)
  const call = sayHello('connect')
  expect(endOf('connect', await exchangeHttp2(origin, { ...call, path: `/api${SAY_HELLO}` })).code).toBe('ok')
  expect(endOf('connect', await exchangeHttp2(origin, call)).code).toBe('unimplemented')
})

test.each([
  [{ readMaxBytes: 0 }, /readMaxBytes is 0/],
  [{ grpc: false, grpcWeb: false, connect: false }, /one of grpc, grpcWeb, connect and rest must/],
])('options %o are rejected', async (options, message) => {
  const app = fastify(onePort())
  await expect(app.register(portico, { ...OPTIONS, ...options })).rejects.toThrow(message)
})

test.each(exchanges)(
  'an unsupported verb or content type is answered with the supported ones, over %s',
  async (_v, exchange) => {
    for (const prefix of ['', '/api']) {
      const app = fastify(onePort())
      await app.register(portico, { ...OPTIONS, prefix })
      const { origin } = await startFastify(app)
      const path = `${prefix}${SAY_HELLO}`
      const put = await exchange(origin, { path, method: 'PUT' })
      expect(put.status).toBe(405)
      expect(listed(put.headers.allow)).toEqual(['GET', 'POST'])
      const get = await exchange(origin, { path: `${prefix}${PUBLISH}?message={}&encoding=json`, method: 'GET' })
      expect(get).toMatchObject({ status: 405, headers: { allow: 'POST' } })
      const xml = await exchange(origin, { path, headers: { 'content-type': 'text/xml' }, body: '<name/>' })
      expect(xml.status).toBe(415)
      expect(listed(xml.headers['accept-post'])).toEqual(expect.arrayContaining(UNARY_TYPES))
      const text = await exchange(origin, { path, headers: { 'content-type': 'text/plain' }, body: 'Ada' })
      expect(text.status).toBe(415)
      expect(listed(text.headers['accept-post'])).toEqual(expect.arrayContaining(UNARY_TYPES))
      const { headers } = await exchange(origin, { ...sayHello('connect'), path })
      expect(headers).not.toHaveProperty('allow')
      expect(headers).not.toHaveProperty('accept-post')
    }
  },
)

test('a disabled protocol is not offered', async () => {
  const app = fastify(onePort())
  await app.register(portico, { ...OPTIONS, connect: false })
  const { origin } = await startFastify(app)
  const get = await exchangeHttp2(origin, { path: SAY_HELLO, method: 'GET' })
  expect(get).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  const json = { path: SAY_HELLO, headers: { 'content-type': 'text/plain' }, body: '{}' }
  const offered = listed((await exchangeHttp2(origin, json)).headers['accept-post'])
  expect(offered).toEqual(expect.arrayContaining(['application/grpc', 'application/grpc-web']))
  expect(offered.filter((type) => !type.startsWith('application/grpc'))).toEqual([])
})

/** The members of a list in a header, sorted. */
function listed(value: unknown): string[] {
  return String(value).split(', ').sort()
}

test('two plugins with a prefix each serve their own services', async () => {
  const app = fastify(onePort({ stallTimeoutMs: 100 }))
  const greeting = (word: string): PorticoOptions => ({
    prefix: `/${word}`,
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `${word} ${name}` }) }),
  })
  await app.register(portico, greeting('hello'))
  await app.register(portico, greeting('bye'))
  const { origin, port } = await startFastify(app)
  for (const [, exchange] of exchanges) {
    for (const word of ['hello', 'bye']) {
      const answer = await exchange(origin, { ...sayHello('connect-json'), path: `/${word}${SAY_HELLO}` })
      expect(JSON.parse(answer.body.toString())).toEqual({ message: `${word} Ada` })
    }
    for (const path of [SAY_HELLO, `/hello/bye${SAY_HELLO}`, `/hello${SAY_HELLO}Nope`]) {
      expect(endOf('connect', await exchange(origin, { ...sayHello('connect'), path })).code).toBe('unimplemented')
    }
  }
  // A call by curl shows by its path alone that it is one, and is timed as one.
  for (const word of ['hello', 'bye']) {
    const raw = await RawSocket.open({ port })
    raw.write(
      `POST /${word}${SAY_HELLO} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
    )
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 408 /)
  }
})
