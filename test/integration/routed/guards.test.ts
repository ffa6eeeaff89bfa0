/** Attempts to bypass a guard, by path, method, protocol or transport: none may succeed. */

import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { portico } from '../../../server/plugin.ts'
import { type CallProtocol, endOf, SAY_HELLO, sayHello, UNARY_PROTOCOLS } from '../../support/calls.ts'
import type { Exchanged } from '../../support/exchange.ts'
import { CALLS, CALLS_BY_FRONT, FRONTS, type Front, startRoutedApp } from '../../support/routed-app.ts'

const H2C = FRONTS[1] as Front
const UNKNOWN = '/greeter.v1.GreeterService/Nope'

/** Refuses requests without a token. */
function guard(app: FastifyInstance): void {
  app.addHook('onRequest', async function guardCalls({ headers }) {
    if (headers.authorization === undefined) throw Object.assign(new Error('no token'), { statusCode: 401 })
  })
}

function guarded(fastify: FastifyServerOptions = {}) {
  return startRoutedApp({ before: guard, fastify })
}

const front = (name: string, entry: Front) => [name, entry] as const
const fronts = FRONTS.map((entry) => front(entry.name, entry))

describe('a guard cannot be bypassed', () => {
  test.each(CALLS_BY_FRONT)('%s', async (_name, call, entry) => {
    const { call: send, seen } = await guarded()
    expect(endOf(call.protocol, await send(entry, call.init)).message).toBe('no token')
    expect(seen).toEqual([])
    const headers = { ...call.init.headers, authorization: 'a' }
    expect(endOf(call.protocol, await send(entry, { ...call.init, headers })).code).toBe('ok')
  })

  test.each(fronts)('by GET, over %s', async (_name, entry) => {
    const { call: send, seen } = await guarded()
    const path = `${SAY_HELLO}?connect=v1&encoding=json&message=%7B%7D`
    expect((await send(entry, { method: 'GET', path })).status).toBe(401)
    expect((await send(entry, { method: 'GET', path: SAY_HELLO })).status).not.toBe(200)
    expect(seen).toEqual([])
  })

  const PATHS = [
    `${SAY_HELLO}/`,
    `${SAY_HELLO}?`,
    `${SAY_HELLO}?a=b`,
    `${SAY_HELLO};a=b`,
    `/${SAY_HELLO}`,
    SAY_HELLO.toLowerCase(),
    SAY_HELLO.toUpperCase(),
    SAY_HELLO.replace('SayHello', 'Say%48ello'),
    SAY_HELLO.replace('/SayHello', '%2FSayHello'),
    SAY_HELLO.replace('/SayHello', '//SayHello'),
    SAY_HELLO.replace('/SayHello', '/./SayHello'),
    SAY_HELLO.replace('/SayHello', '/x/../SayHello'),
    `${SAY_HELLO}%00`,
    `${SAY_HELLO}%zz`,
  ]
  const ROUTERS: readonly (readonly [string, FastifyServerOptions['routerOptions']])[] = [
    ['the router as it is', {}],
    ['a router that overlooks case', { caseSensitive: false }],
    ['a router that overlooks slashes', { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }],
    ['a router for semicolons', { useSemicolonDelimiter: true } as FastifyServerOptions['routerOptions']],
  ]

  test.each(ROUTERS)('by another spelling of its path, with %s', async (_name, routerOptions = {}) => {
    const { call: send, seen } = await guarded({ routerOptions })
    for (const entry of FRONTS) {
      for (const path of PATHS) {
        for (const protocol of UNARY_PROTOCOLS) {
          const answer = await send(entry, { ...sayHello(protocol), path })
          expect(endOfAny(protocol, answer)).not.toBe('ok')
        }
      }
    }
    expect(seen).toEqual([])
  })

  test('by app.inject()', async () => {
    const { app, seen } = await guarded()
    for (const { protocol, init } of CALLS) {
      const { path: url, headers, body } = init
      const answer = await app.inject({ method: 'POST', url, headers, payload: Buffer.from(body ?? '') })
      const { statusCode: status, rawPayload, trailers } = answer
      const answered = { status, headers: answer.headers as Record<string, string>, trailers, body: rawPayload }
      expect(endOf(protocol, answered).message).toBe('no token')
    }
    expect(seen).toEqual([])
  })

  test('by a verb that no call uses', async () => {
    const { call: send, seen } = await guarded()
    for (const method of ['PUT', 'PATCH', 'DELETE', 'QUERY', 'HEAD']) {
      expect((await send(H2C, { ...sayHello('connect-json'), method })).status).toBe(405)
    }
    expect(seen).toEqual([])
  })

  test('by a host that a constraint excludes', async () => {
    const { call: send, seen } = await startRoutedApp({
      before: (app) =>
        app.addHook('onRoute', (route) => {
          route.constraints = { host: 'here.example' }
        }),
    })
    for (const { protocol, init } of CALLS) {
      expect(endOfAny(protocol, await send(H2C, init))).toMatch(/unimplemented|grpc-status 12/)
      const headers = { ...init.headers, ':authority': 'here.example' }
      expect(endOfAny(protocol, await send(H2C, { ...init, headers }))).toBe('ok')
    }
    expect(seen).toHaveLength(CALLS.length)
  })
})

describe('calls to unknown methods', () => {
  test.each(CALLS_BY_FRONT)('reach the guard first: %s', async (_name, call, entry) => {
    const { call: send } = await guarded()
    const init = { ...call.init, path: UNKNOWN }
    const refused = await send(entry, init)
    expect(endOf(call.protocol, refused)).toEqual({
      code: call.protocol.startsWith('grpc') ? 'grpc-status 16' : 'unauthenticated',
      message: 'no token',
    })
    const answer = await send(entry, { ...init, headers: { ...init.headers, authorization: 'a' } })
    expect(endOf(call.protocol, answer)).toEqual({
      code: call.protocol.startsWith('grpc') ? 'grpc-status 12' : 'unimplemented',
      message: `${UNKNOWN} is not implemented`,
    })
    if (call.protocol === 'grpc') expect(answer).toMatchObject({ status: 200, headers: { 'grpc-status': '12' } })
  })

  test.each(CALLS.map((call) => [call.name, call] as const))(
    'are answered as such even if the app has a catch-all route: %s',
    async (_name, call) => {
      const { call: send } = await startRoutedApp({
        before(app) {
          app.addHook('onRequest', async (_request, reply) => void reply.header('x-hook', 'ran'))
          app.setNotFoundHandler((_request, reply) => void reply.type('text/html').send('<h1>App</h1>'))
        },
      })
      const answer = await send(H2C, { ...call.init, path: UNKNOWN })
      expect(endOf(call.protocol, answer).code).toMatch(/unimplemented|grpc-status 12/)
      expect(answer.headers['x-hook']).toBe('ran')
    },
  )

  test('are left to a matching route of the app, as for a proxy', async () => {
    const { call: send } = await startRoutedApp({
      before: guard,
      after(app) {
        app.addContentTypeParser('application/grpc+proto', (_request, _payload, done) => done(null))
        app.post('/other.Service/*', async (_request, reply) => {
          reply.headers({ 'content-type': 'application/grpc', 'grpc-status': 5, 'grpc-message': 'proxied' })
          return reply.send()
        })
      },
    })
    const init = { ...sayHello('grpc'), path: '/other.Service/Method' }
    expect(endOf('grpc', await send(H2C, init)).message).not.toBe('proxied')
    const headers = { ...init.headers, authorization: 'a' }
    expect(endOf('grpc', await send(H2C, { ...init, headers })).message).toBe('proxied')
  })
})

describe('rewriteUrl', () => {
  /** `/v2/...` is what calls are known by outside. */
  function rewriting() {
    return startRoutedApp({
      before: guard,
      fastify: {
        rewriteUrl({ url = '' }) {
          if (url.startsWith('/v2/')) return url.slice(3)
          return url === SAY_HELLO ? '/moved' : url
        },
      },
    })
  }

  test.each(CALLS_BY_FRONT)('turns %s into a call', async (_name, call, entry) => {
    const { call: send, seen } = await rewriting()
    const init = { ...call.init, path: `/v2${call.init.path}` }
    expect(endOf(call.protocol, await send(entry, init)).message).toBe('no token')
    expect(seen).toEqual([])
    const headers = { ...init.headers, authorization: 'a' }
    expect(endOf(call.protocol, await send(entry, { ...init, headers })).code).toBe('ok')
    expect(seen).toEqual(['Ada'])
  })

  test.each(UNARY_PROTOCOLS)('turns a call of %s into another request', async (protocol) => {
    const { call: send, seen } = await rewriting()
    const init = sayHello(protocol)
    for (const entry of FRONTS) {
      const headers = { ...init.headers, authorization: 'a' }
      expect(endOf(protocol, await send(entry, { ...init, headers })).code).toMatch(/unimplemented|grpc-status 12/)
    }
    expect(seen).toEqual([])
  })

  test('makes all calls run through Fastify, and the log says so', async () => {
    const { log } = await startRoutedApp({ fastify: { rewriteUrl: ({ url = '' }) => url } })
    const [line] = log.lines.filter(({ msg }) => String(msg).includes('calls run through Fastify'))
    expect(line).toMatchObject({ cause: expect.stringContaining('rewriteUrl') })
  })

  test('sends 100 Continue to a client that waits for it', async () => {
    const { port } = await rewriting()
    const { RawSocket } = await import('../../support/raw-socket.ts')
    const socket = await RawSocket.open({ port })
    socket.write(
      `POST /v2${SAY_HELLO} HTTP/1.1\r\nhost: localhost\r\nauthorization: a\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`,
    )
    await socket.untilText('100 Continue')
    socket.write('{}')
    await socket.untilText('Hello ')
    expect(socket.text.match(/100 Continue/g)).toHaveLength(1)
  })
})

test('a guard in a parent scope, added after the plugin of a child, sees the calls of the child', async () => {
  const {
    call: send,
    seen,
    app,
  } = await startRoutedApp({
    before: (outer) => outer.register(async () => {}),
    options: { prefix: '/outer' },
    after: async (outer) => {
      await outer.register(async (inner) => {
        await inner.register(portico, { prefix: '/inner', routes: (router) => router.service(GreeterService, {}) })
      })
      guard(outer)
    },
  })
  for (const path of [`/outer${SAY_HELLO}`, `/inner${SAY_HELLO}`]) {
    expect(endOf('grpc', await send(H2C, { ...sayHello('grpc'), path })).message).toBe('no token')
  }
  expect(seen).toEqual([])
  expect(app.hasRoute({ method: 'POST', url: `/inner${SAY_HELLO}` })).toBe(true)
})

/** The outcome of a call, or the status of an ordinary HTTP response. */
function endOfAny(protocol: CallProtocol, answer: Exchanged): string {
  const isJson = answer.headers['content-type'] === 'application/json'
  return answer.status === 200 || isJson ? endOf(protocol, answer).code : String(answer.status)
}
