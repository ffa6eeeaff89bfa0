/** REST has what all calls have: hooks of Fastify, prefixes, TLS, gates, interceptors, deadlines, limits and observers. */
import { createServer } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Code, ConnectError, type ConnectRouter, type HandlerContext, type Interceptor } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, test } from 'vitest'
import { onePort } from '../../../server/listen/one-port.ts'
import { nodeHandler } from '../../../server/node-handler.ts'
import { portico } from '../../../server/plugin.ts'
import { restProtocols } from '../../../server/rest/rest-protocols.ts'
import type { CallEnd, CallStart } from '../../../wire/call-observer.ts'
import { LibraryService } from '../../gen/library/v1/library_pb.js'
import { testCertificates } from '../../support/certificates.ts'
import { startFastify } from '../../support/demo-server.ts'
import { type ExchangeInit, exchanges } from '../../support/exchange.ts'
import { library, startLibrary } from '../../support/library.ts'
import { listenRaw } from '../../support/listen-raw.ts'
import { untilAborted } from '../../support/until-aborted.ts'

const SHELF: ExchangeInit = { method: 'GET', path: '/v1/shelves/7' }
const NO_TOKEN = { code: Code.Unauthenticated, message: 'no token' }

const routes = (router: ConnectRouter) => router.service(LibraryService, library)

function withToken(init: ExchangeInit): ExchangeInit {
  return { ...init, headers: { ...init.headers, authorization: 'x' } }
}

describe.each(exchanges)('over %s', (_version, exchange) => {
  test.each([undefined, '/api'])(
    'hooks of Fastify guard every path of a binding, below the prefix %s',
    async (prefix = '') => {
      const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
      const seen: string[] = []
      app.addHook('onRequest', async ({ headers, url }) => {
        seen.push(url)
        if (headers.authorization === undefined) throw new ConnectError('no token', Code.Unauthenticated)
      })
      await app.register(portico, { routes, ...(prefix === '' ? {} : { prefix }) })
      const { origin } = await startFastify(app)
      const paths = [
        '/v1/shelves/7',
        '/v1/books:search',
        '/v1/files',
        '/v1/files/a/b',
        '/v1/files/a:history',
        '/v1/files/%2e%2f',
      ]
      for (const path of paths) {
        const init = { method: 'GET', path: prefix + path }
        const refused = await exchange(origin, init)
        expect([path, refused.status, JSON.parse(refused.body.toString())]).toEqual([path, 401, NO_TOKEN])
      }
      expect(seen).toEqual(paths.map((path) => prefix + path))
      const answer = await exchange(origin, withToken({ ...SHELF, path: prefix + SHELF.path }))
      expect([answer.status, JSON.parse(answer.body.toString()).name]).toEqual([200, 'shelves/7'])
      const stream = await exchange(origin, withToken({ method: 'GET', path: `${prefix}/v1/shelves/1:watch?count=2` }))
      expect(stream.body.toString().split('\n')).toHaveLength(3)
    },
  )

  test('behind hooks, trailers, overrides and refusals are those without hooks', async () => {
    const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
    app.addHook('onRequest', async () => {})
    app.addHook('onSend', async (_request, _reply, payload) => payload)
    const getShelf: typeof library.getShelf = ({ name }, { responseTrailer }) => {
      responseTrailer.set('x-trailer', 'a')
      return { name }
    }
    await app.register(portico, {
      routes: (router) => router.service(LibraryService, { ...library, getShelf }),
      rest: { methodOverride: true },
    })
    const { origin } = await startFastify(app)
    const { trailers } = await exchange(origin, { ...SHELF, headers: { te: 'trailers' } })
    expect(trailers).toMatchObject({ 'x-trailer': 'a' })
    const refused = await exchange(origin, { method: 'GET', path: '/v1/raw' })
    expect([refused.status, refused.headers.allow]).toEqual([405, 'POST'])
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const form = await exchange(origin, { path: '/v1/shelves', headers, body: 'filter=a' })
    expect(form.status).toBe(415)
    const list = await exchange(origin, { path: '/v1/books:search', headers, body: 'query=a' })
    expect([list.status, JSON.parse(list.body.toString())]).toEqual([501, expect.objectContaining({ code: 12 })])
  })

  test('D5 a malformed escape is refused in the form of REST before Fastify refuses it in its own', async () => {
    const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
    app.addHook('onRequest', async () => {})
    await app.register(portico, { routes })
    const { origin } = await startFastify(app)
    for (const path of ['/v1/shelves/%zz', '/v1/shelves/%', '/v1/shelves/%ff', '/v1/files/a/%c3']) {
      const { status, body } = await exchange(origin, { method: 'GET', path })
      expect([path, status, JSON.parse(body.toString())]).toEqual([
        path,
        400,
        { code: Code.InvalidArgument, message: expect.any(String) },
      ])
    }
  })

  test('routes of the app stand beside those of REST', async () => {
    const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
    app.get('/v1/shelves/special', async () => 'mine')
    app.get('/v1/other', async () => 'other')
    await app.register(portico, { routes })
    const { origin } = await startFastify(app)
    const bodies = []
    for (const path of ['/v1/shelves/special', '/v1/other', '/v1/shelves/7']) {
      bodies.push((await exchange(origin, { method: 'GET', path })).body.toString())
    }
    expect(bodies).toEqual(['mine', 'other', expect.stringContaining('shelves/7')])
  })

  test('it is served with TLS', async () => {
    const { ca, server } = await testCertificates()
    const app = await startLibrary({ options: { listen: { tls: server } } })
    expect((await exchange(app.origin, SHELF, ca)).status).toBe(200)
  })

  test('gates of the plugin and of the service see it, by its name', async () => {
    const seen: string[] = []
    const gate = (name: string) => (context: HandlerContext) => {
      seen.push(`${name} ${context.protocolName} ${context.requestMethod} ${context.method.name}`)
      if (context.requestHeader.get('authorization') === null) throw new ConnectError('no token', Code.Unauthenticated)
    }
    const app = await startLibrary({
      options: {
        requestGate: gate('plugin'),
        routes: (router) => router.service(LibraryService, library, { requestGate: gate('service') }),
      },
    })
    const refused = await exchange(app.origin, SHELF)
    expect([refused.status, JSON.parse(refused.body.toString())]).toEqual([401, NO_TOKEN])
    expect((await exchange(app.origin, withToken(SHELF))).status).toBe(200)
    expect(seen).toEqual(['plugin rest GET GetShelf', 'plugin rest GET GetShelf', 'service rest GET GetShelf'])
  })

  test('interceptors wrap calls of every kind, and metadata is sent', async () => {
    const mark: Interceptor = (next) => async (call) => {
      const answer = await next(call)
      answer.header.set('x-seen', `${call.method.name} ${call.header.get('x-asked')}`)
      return answer
    }
    const app = await startLibrary({ options: { interceptors: [mark] } })
    const headers = { 'x-asked': 'a', 'content-type': 'application/json' }
    const calls: [string, ExchangeInit][] = [
      ['GetShelf', { ...SHELF, headers }],
      ['WatchShelf', { method: 'GET', path: '/v1/shelves/1:watch?count=1', headers }],
      ['ImportBooks', { path: '/v1/shelves/1/books:import', headers, body: '[{"title":"a"}]' }],
      ['DownloadBook', { method: 'GET', path: '/v1/shelves/1/books/2:download', headers }],
      ['StreamRaw', { method: 'GET', path: '/v1/shelves/1/books/2:stream', headers }],
    ]
    for (const [name, init] of calls) {
      const answer = await exchange(app.origin, init)
      expect([answer.status, answer.headers['x-seen']]).toEqual([200, `${name} a`])
      expect(answer.body.byteLength).toBeGreaterThan(0)
    }
  })

  test.each([
    ['x-server-timeout', '0.03'],
    ['grpc-timeout', '30m'],
    ['connect-timeout-ms', '30'],
  ])('R6 a deadline in %s ends the call', async (name, value) => {
    const app = await startLibrary({
      implementation: {
        async getShelf(_request, { signal }) {
          await untilAborted(signal).catch(() => {})
          return {}
        },
      },
    })
    const { status, body } = await exchange(app.origin, { ...SHELF, headers: { [name]: value } })
    expect([status, JSON.parse(body.toString())]).toEqual([
      504,
      { code: Code.DeadlineExceeded, message: 'the operation timed out' },
    ])
  })

  test('responses are compressed, and compressed requests are read', async () => {
    const app = await startLibrary({ options: { compressMinBytes: 1 } })
    const answer = await exchange(app.origin, {
      path: '/v1/shelves?shelfId=3',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'accept-encoding': 'gzip' },
      body: gzipSync('{"theme":"zip"}'),
    })
    expect(answer.headers['content-encoding']).toBe('gzip')
    expect(JSON.parse(gunzipSync(answer.body).toString())).toEqual({ name: 'shelves/3', theme: 'zip' })
  })

  test('observers see the method and the route', async () => {
    const seen: object[] = []
    const app = await startLibrary({
      options: {
        observers: [
          {
            onStart: ({ protocol, method, route, httpMethod }: CallStart) => ({
              onEnd: ({ code, httpStatus }: CallEnd) =>
                void seen.push({ protocol, method: method?.name, route, httpMethod, code, httpStatus }),
            }),
          },
        ],
      },
    })
    await exchange(app.origin, SHELF)
    await exchange(app.origin, { ...SHELF, method: 'PUT' })
    await exchange(app.origin, { method: 'GET', path: '/v1/shelves/1/books/missing' })
    const shelf = { protocol: 'rest', route: '/v1/{name=shelves/*}' }
    expect(seen).toEqual([
      { ...shelf, method: 'GetShelf', httpMethod: 'GET', code: undefined, httpStatus: 200 },
      { ...shelf, method: expect.any(String), httpMethod: 'PUT', code: Code.Unimplemented, httpStatus: 405 },
      {
        protocol: 'rest',
        route: '/v1/{name=shelves/*/books/*}',
        method: 'GetBook',
        httpMethod: 'GET',
        code: Code.NotFound,
        httpStatus: 404,
      },
    ])
  })

  test('a page of an allowed origin may use every method of a path', async () => {
    const app = await startLibrary({ options: { cors: { origins: ['https://a.example'] } } })
    const preflight = async (path: string, method: string) => {
      const headers = { origin: 'https://a.example', 'access-control-request-method': method }
      return (await exchange(app.origin, { method: 'OPTIONS', path, headers })).headers
    }
    expect(await preflight('/v1/shelves/7', 'DELETE')).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': expect.stringContaining('DELETE'),
    })
    for (const method of ['PATCH', 'PUT']) {
      const book = await preflight('/v1/shelves/7/books/1', method)
      expect(book['access-control-allow-methods']?.split(', ')).toContain(method)
    }
    const other = await preflight('/v1/shelves/7', 'PATCH')
    expect(other['access-control-allow-methods']?.split(', ').toSorted()).toEqual(['DELETE', 'GET'])
    const answer = await exchange(app.origin, { ...SHELF, headers: { origin: 'https://a.example' } })
    expect(answer.headers['access-control-allow-origin']).toBe('https://a.example')
  })

  test('a service can turn it off', async () => {
    const off = { rest: false }
    const app = await startLibrary({ options: { routes: (router) => router.service(LibraryService, library, off) } })
    expect((await exchange(app.origin, SHELF)).status).toBe(404)
  })
})

test('nodeHandler answers it, and leaves other paths to the server', async () => {
  const handler = nodeHandler({ routes, protocols: restProtocols() })
  const server = createServer((request, response) => handler(request, response, () => response.writeHead(418).end()))
  const origin = `http://127.0.0.1:${await listenRaw(server)}`
  const statuses = []
  for (const path of ['/v1/shelves/7', '/v1/shelves/%zz', '/v1/nothing'])
    statuses.push((await fetch(origin + path)).status)
  expect(statuses).toEqual([200, 400, 418])
})
