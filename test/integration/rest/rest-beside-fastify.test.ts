/** REST beside the routes and hooks of the app, switched off, and on servers without Fastify. */
import { createServer } from 'node:http'
import type { ConnectRouter } from '@connectrpc/connect'
import type { FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { type AppOptions, createApp } from '../../../server/app.ts'
import { nodeHandler } from '../../../server/node-handler.ts'
import { restProtocols } from '../../../server/rest/rest-protocols.ts'
import { startFastify } from '../../support/demo-server.ts'
import { exchangeHttp1, exchanges } from '../../support/exchange.ts'
import { listenRaw } from '../../support/listen-raw.ts'

function routes(router: ConnectRouter): void {
  router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) })
}

/** Starts the greeter with what an app adds, and returns how to request a path. */
async function start(add: (app: FastifyInstance) => void, options: Partial<AppOptions> = {}) {
  const { fastify } = await createApp({ routes, logger: false, listen: { drainTimeoutMs: 0 }, ...options })
  add(fastify)
  return startFastify(fastify)
}

describe.each(exchanges)('over %s', (_version, exchange) => {
  async function bodyOf(origin: string, method: string, path: string): Promise<string> {
    return (await exchange(origin, { method, path })).body.toString()
  }

  test('a more specific route of the app answers in place of a binding', async () => {
    const { origin } = await start((app) => {
      app.get('/v1/hello/special', async () => 'special')
      app.get('/v1/hello/:id/details', async () => 'details')
      app.get('/v1/hello/files/*', async () => 'files')
      app.put('/v1/hello/:id', async () => 'put')
    })
    expect(await bodyOf(origin, 'GET', '/v1/hello/special')).toBe('special')
    expect(await bodyOf(origin, 'GET', '/v1/hello/special?name=x')).toBe('special')
    expect(await bodyOf(origin, 'GET', '/v1/hello/a/details')).toBe('details')
    expect(await bodyOf(origin, 'GET', '/v1/hello/files/a%2Fb')).toBe('files')
    expect(await bodyOf(origin, 'PUT', '/v1/hello/bobby')).toBe('put')
    expect(await bodyOf(origin, 'GET', '/v1/hello/bobby')).toBe('{"message":"Hello bobby"}')
    expect(await bodyOf(origin, 'GET', '/v1/hello/a%2Fb')).toBe('{"message":"Hello a/b"}')
  })

  test('a route of the app for all paths takes no calls', async () => {
    const { origin } = await start((app) => {
      app.all('/*', async () => 'anything')
    })
    expect(await bodyOf(origin, 'GET', '/v1/hello/bobby')).toBe('{"message":"Hello bobby"}')
    expect(await bodyOf(origin, 'GET', '/v1/other')).toBe('anything')
    expect(await bodyOf(origin, 'GET', '/other')).toBe('anything')
  })

  test('hooks of the app run for calls', async () => {
    const seen: string[] = []
    const { origin } = await start((app) => {
      app.addHook('onRequest', async ({ url, method }) => void seen.push(`${method} ${url}`))
      app.get('/v1/hello/special', async () => 'special')
    })
    expect(await bodyOf(origin, 'GET', '/v1/hello/bobby')).toBe('{"message":"Hello bobby"}')
    expect(await bodyOf(origin, 'GET', '/v1/hello/special')).toBe('special')
    expect(seen).toEqual(['GET /v1/hello/bobby', 'GET /v1/hello/special'])
  })

  test.each<[string, Partial<AppOptions>]>([
    ['the server', { rest: false }],
    ['the service', { routes: (router) => router.service(GreeterService, {}, { rest: false }) }],
  ])('switched off for %s, REST answers nothing', async (_what, options) => {
    const { origin } = await start(() => {}, options)
    expect((await exchange(origin, { method: 'GET', path: '/v1/hello/bobby' })).status).toBe(404)
  })
})

test('on a server without Fastify, paths without a binding are left to what follows', async () => {
  const handle = nodeHandler({ routes, protocols: restProtocols() })
  const server = createServer((request, response) => handle(request, response, () => response.end('next')))
  const port = await listenRaw(server)
  const bodyOf = async (method: string, path: string) =>
    (await exchangeHttp1(`http://127.0.0.1:${port}`, { method, path })).body.toString()
  expect(await bodyOf('GET', '/v1/hello/bobby')).toBe('{"message":"Hello bobby"}')
  expect(await bodyOf('PUT', '/v1/hello/bobby')).toBe('next')
  expect(await bodyOf('GET', '/v1/other')).toBe('next')
})
