/** The plugin is a guest on the user's Fastify: what the user set up stays as it was. */
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

const OPTIONS: PorticoOptions = {
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
}

test.each(UNARY_PROTOCOLS)('a method that nobody serves is UNIMPLEMENTED in %s', async (protocol) => {
  const { origin } = await startDemo()
  for (const [, exchange] of exchanges) {
    const answer = await exchange(origin, { ...sayHello(protocol), path: '/no.Service/Method' })
    expect(endOf(protocol, answer).code).toBe(protocol.startsWith('grpc') ? 'grpc-status 12' : 'unimplemented')
  }
})

test.each(exchanges)('an unknown path of ordinary HTTP is a JSON 404 over %s', async (_version, exchange) => {
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

test('a Fastify without onePort serves what its server can carry, and says so', async () => {
  const log = new LogCapture()
  const loggerInstance: FastifyBaseLogger = log.logger
  const app = fastify({ loggerInstance })
  await app.register(portico, OPTIONS)
  const { origin } = await startFastify(app)
  expect(endOf('connect', await exchangeHttp1(origin, sayHello('connect'))).code).toBe('ok')
  expect(log.lines.filter((line) => line.level === 40)).toMatchObject([{ msg: expect.stringContaining('onePort()') }])
})

test('with a prefix methods stand behind it, and nowhere else', async () => {
  const app = fastify(onePort())
  await app.register(portico, { ...OPTIONS, prefix: '/api' })
  const { origin } = await startFastify(app)
  const call = sayHello('connect')
  expect(endOf('connect', await exchangeHttp2(origin, { ...call, path: `/api${SAY_HELLO}` })).code).toBe('ok')
  expect(endOf('connect', await exchangeHttp2(origin, call)).code).toBe('unimplemented')
})

test.each([
  [{ maxReceiveBytes: 0 }, /maxReceiveBytes is 0/],
  [{ grpc: false, grpcWeb: false, connect: false }, /one of grpc, grpcWeb and connect/],
])('options %o are refused', async (options, message) => {
  const app = fastify(onePort())
  await expect(app.register(portico, { ...OPTIONS, ...options })).rejects.toThrow(message)
})
