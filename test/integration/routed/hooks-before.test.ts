/** What hooks see of a call before its handler, and what the call sees of them. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { PassThrough, Readable, Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { Code, ConnectError, createContextKey, createContextValues } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { fastifyRequestKey } from '../../../server/rpc/context-keys.ts'
import { endOf, sayHello } from '../../support/calls.ts'
import { CALLS, CALLS_BY_FRONT, FRONTS, type Front, startRoutedApp } from '../../support/routed-app.ts'

const H2C = FRONTS[1] as Front
const byName = CALLS.map((call) => [call.name, call] as const)

declare module 'fastify' {
  interface FastifyRequest {
    visitor?: string
  }
}

describe('a hook', () => {
  test.each(CALLS_BY_FRONT)('sees a real request of %s, with an unread body', async (_name, call, front) => {
    const seen: Record<string, unknown>[] = []
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('preHandler', async (request) => {
          const { method, url, body, ip, protocol, headers, routeOptions, is404 } = request
          seen.push({ method, url, body, ip, protocol, type: headers['content-type'], route: routeOptions.url, is404 })
        }),
    })
    expect(endOf(call.protocol, await send(front, call.init)).code).toBe('ok')
    const { path, headers } = call.init
    expect(seen).toEqual([
      {
        method: 'POST',
        url: path,
        body: undefined,
        ip: '127.0.0.1',
        protocol: front.scheme,
        type: headers['content-type'],
        route: path,
        is404: false,
      },
    ])
  })

  test.each(byName)('keeps the order: hooks, gate, interceptors, handler: %s', async (_name, call) => {
    const steps: string[] = []
    const note = (step: string) => async () => void steps.push(step)
    const { call: send } = await startRoutedApp({
      before: (app) => {
        app.addHook('preHandler', note('preHandler'))
        app.addHook('preValidation', note('preValidation'))
        app.addHook('preParsing', note('preParsing'))
        app.addHook('onRequest', note('onRequest'))
      },
      options: {
        requestGate: () => void steps.push('gate'),
        interceptors: [
          (next) => (request) => {
            steps.push('interceptor')
            return next(request)
          },
        ],
      },
    })
    await send(H2C, call.init)
    expect(steps).toEqual(['onRequest', 'preParsing', 'preValidation', 'preHandler', 'gate', 'interceptor'])
  })

  test.each(byName)('passes its request and decorations to gate and handler: %s', async (_name, call) => {
    const users: unknown[] = []
    const { call: send } = await startRoutedApp({
      before: (app) => {
        app.decorateRequest('visitor', undefined)
        app.addHook('onRequest', async (request) => {
          request.visitor = 'Ada'
        })
      },
      options: {
        requestGate: ({ values }) => void users.push(values.get(fastifyRequestKey)?.visitor),
        interceptors: [
          (next) => (request) => {
            users.push(request.contextValues.get(fastifyRequestKey)?.visitor)
            return next(request)
          },
        ],
      },
    })
    await send(H2C, call.init)
    expect(users).toEqual(['Ada', 'Ada'])
  })

  test.each(byName)('runs before contextValues, which receives its request: %s', async (_name, call) => {
    const kUser = createContextKey('nobody')
    // Upstream has no text form of gRPC-Web.
    const lanes = call.protocol === 'grpc-web-text' ? (['native'] as const) : (['native', 'reference'] as const)
    for (const lane of lanes) {
      const users: unknown[] = []
      const { call: send, log } = await startRoutedApp({
        before: (app) => {
          app.decorateRequest('visitor', undefined)
          app.addHook('onRequest', async (request) => {
            request.visitor = 'Ada'
          })
        },
        options: {
          lane,
          contextValues: (request) => createContextValues().set(kUser, request.visitor ?? ''),
          requestGate: ({ values }) => void users.push(values.get(kUser), values.get(fastifyRequestKey)?.visitor),
        },
      })
      await send(H2C, call.init)
      expect(users).toEqual(['Ada', 'Ada'])
      if (lane === 'native') expect(log.text).toContain('contextValues is given the Fastify request')
    }
  })

  test('runs contextValues that need a request, in an app without hooks', async () => {
    const kAddress = createContextKey('')
    const addresses: string[] = []
    const { call: send } = await startRoutedApp({
      options: {
        contextValues: (request) => createContextValues().set(kAddress, request.ip),
        requestGate: ({ values }) => void addresses.push(values.get(kAddress)),
      },
    })
    for (const { init } of CALLS) await send(H2C, init)
    expect(addresses).toEqual(CALLS.map(() => '127.0.0.1'))
  })

  test('a contextValues function that throws fails the call without revealing why', async () => {
    const { call: send, log } = await startRoutedApp({
      options: {
        contextValues() {
          throw new Error('password')
        },
        requestGate: ({ values }) => void values.get(fastifyRequestKey),
      },
    })
    for (const { protocol, init } of CALLS) {
      const answer = await send(H2C, init)
      expect(endOf(protocol, answer).code).toMatch(/internal|grpc-status 13/)
      expect(answer.body.toString() + JSON.stringify(answer.headers)).not.toContain('password')
    }
    expect(log.text).toContain('password')
  })

  test.each(byName)('can add and remove request fields for the service: %s', async (_name, call) => {
    const seen: (string | null)[] = []
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('onRequest', async ({ headers }) => {
          headers['x-tenant'] = 'one'
          delete headers['x-internal']
        }),
      options: {
        requestGate({ requestHeader }) {
          seen.push(requestHeader.get('x-tenant'), requestHeader.get('x-internal'), requestHeader.get('x-other'))
        },
      },
    })
    await send(H2C, { ...call.init, headers: { ...call.init.headers, 'x-internal': 'yes', 'x-other': 'kept' } })
    expect(seen).toEqual(['one', null, 'kept'])
  })

  test.each(CALLS_BY_FRONT)('can set fields on the response of %s', async (_name, call, front) => {
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('onRequest', async (_request, reply) => {
          reply.header('x-hook', 'ran').header('set-cookie', ['a=1', 'b=2']).header('content-type', 'text/html')
          reply.raw.setHeader('x-middleware', 'ran')
          reply.code(418)
        }),
    })
    const answer = await send(front, call.init)
    expect(answer.status).toBe(200)
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(answer.headers).toMatchObject({
      'x-hook': 'ran',
      'x-middleware': 'ran',
      'set-cookie': ['a=1', 'b=2'],
      'content-type': call.init.headers['content-type'],
    })
  })

  test.each(byName)('does not run for a malformed request: %s', async (_name, call) => {
    let asked = 0
    const { call: send } = await startRoutedApp({
      before: (app) => app.addHook('onRequest', async () => void asked++),
    })
    const headers = { ...call.init.headers, 'content-type': 'text/xml' }
    expect((await send(H2C, { ...call.init, headers })).status).toBe(415)
    expect((await send(H2C, { ...call.init, method: 'PUT' })).status).toBe(405)
    expect(asked).toBe(0)
  })
})

describe('a stream returned by a preParsing hook replaces the body', () => {
  /** Every octet with its bits inverted, which no protocol can read. */
  function turnedOver(): Transform {
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        done(null, Buffer.from(chunk.map((octet) => octet ^ 0xff)))
      },
    })
  }

  test.each(CALLS_BY_FRONT)('%s', async (_name, call, front) => {
    const { call: send, seen } = await startRoutedApp({
      before: (app) => app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(turnedOver())),
    })
    const body = Buffer.from(Buffer.from(call.init.body ?? '').map((octet) => octet ^ 0xff))
    expect(endOf(call.protocol, await send(front, { ...call.init, body })).code).toBe('ok')
    expect(seen).toEqual(['Ada'])
  })

  test.each(byName)('also if it yields strings, or small views: %s', async (_name, call) => {
    const octets = Buffer.from(call.init.body ?? '')
    const views = [...octets].map((octet) => Uint8Array.of(octet))
    const { call: send, seen } = await startRoutedApp({
      before: (app) => app.addHook('preParsing', async () => Readable.from([...views, '', new Uint8Array(0)])),
    })
    expect(endOf(call.protocol, await send(H2C, call.init)).code).toBe('ok')
    expect(seen).toEqual(['Ada'])
  })

  test.each(byName)('and if it fails, fails the call: %s', async (_name, call) => {
    const { call: send, seen } = await startRoutedApp({
      before: (app) =>
        app.addHook('preParsing', async (_request, _reply, payload) => {
          const broken = new Transform({
            transform: (_chunk, _encoding, done) => void setImmediate(done, new Error('password')),
          })
          return payload.pipe(broken)
        }),
    })
    expect(endOf(call.protocol, await send(H2C, call.init))).toEqual({
      code: call.protocol.startsWith('grpc') ? 'grpc-status 3' : 'invalid_argument',
      message: 'request body cannot be decoded',
    })
    expect(seen).toEqual([])
  })

  test('and if it decompressed the body, the body is not decompressed again', async () => {
    const { call: send, seen } = await startRoutedApp({
      before: (app) =>
        app.addHook('preParsing', async (_request, _reply, payload) => {
          const { createGunzip } = await import('node:zlib')
          return Object.assign(payload.pipe(createGunzip()), { receivedEncodedLength: 0 })
        }),
    })
    const init = sayHello('connect-json')
    const gzip = createGzip()
    gzip.end(init.body)
    const body = Buffer.concat(await gzip.toArray())
    const headers = { ...init.headers, 'content-encoding': 'gzip' }
    expect(endOf('connect-json', await send(H2C, { ...init, headers, body })).code).toBe('ok')
    expect(seen).toEqual(['Ada'])
  })

  test('and if it did not, the body is decompressed', async () => {
    const { call: send, seen } = await startRoutedApp({
      before: (app) => app.addHook('preParsing', async (_r, _reply, payload) => payload.pipe(new PassThrough())),
    })
    const init = sayHello('connect-json')
    const gzip = createGzip()
    gzip.end(init.body)
    const body = Buffer.concat(await gzip.toArray())
    const headers = { ...init.headers, 'content-encoding': 'gzip' }
    expect(endOf('connect-json', await send(H2C, { ...init, headers, body })).code).toBe('ok')
    expect(seen).toEqual(['Ada'])
  })
})

describe('an async context entered by a hook is kept', () => {
  const storage = new AsyncLocalStorage<string>()

  test.each([
    ['with a callback', 'run'],
    ['for good', 'enterWith'],
  ] as const)('%s, for every message of a stream', async (_name, how) => {
    for (const call of CALLS) {
      const stores: (string | undefined)[] = []
      const { call: send } = await startRoutedApp({
        before: (app) =>
          app.addHook('onRequest', (_request, _reply, done) => {
            if (how === 'run') storage.run('mine', done)
            else {
              storage.enterWith('mine')
              done()
            }
          }),
        greeter: {
          async sayHello() {
            stores.push(storage.getStore())
            await sleep(1)
            stores.push(storage.getStore())
            return { message: '' }
          },
          async *getStream() {
            for (let i = 0; i < 3; i++) {
              stores.push(storage.getStore())
              yield {}
              await sleep(1)
            }
          },
        },
      })
      for (const front of FRONTS) await send(front, call.init)
      expect(stores.length).toBeGreaterThanOrEqual(2 * FRONTS.length)
      expect(new Set(stores)).toEqual(new Set(['mine']))
    }
  })
})

describe('a call that ends while a hook runs', () => {
  test.each(CALLS_BY_FRONT)('at its deadline is answered then, and never handled: %s', async (_name, call, front) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const {
      call: send,
      seen,
      app,
    } = await startRoutedApp({
      before: (fastify) => fastify.addHook('onRequest', () => promise),
    })
    const name = call.protocol.startsWith('grpc') ? 'grpc-timeout' : 'connect-timeout-ms'
    const value = call.protocol.startsWith('grpc') ? '50m' : '50'
    const answer = await send(front, { ...call.init, headers: { ...call.init.headers, [name]: value } })
    expect(endOf(call.protocol, answer).code).toMatch(/deadline_exceeded|grpc-status 4/)
    resolve()
    await sleep(5)
    expect(seen).toEqual([])
    expect(app.server.listening).toBe(true)
  })

  test.each(byName)('and then answers is not answered twice: %s', async (_name, call) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { call: send, log } = await startRoutedApp({
      before: (app) =>
        app.addHook('onRequest', async (_request, reply) => {
          await promise
          return reply.code(401).send({ message: 'too late' })
        }),
    })
    const name = call.protocol.startsWith('grpc') ? 'grpc-timeout' : 'connect-timeout-ms'
    const value = call.protocol.startsWith('grpc') ? '50m' : '50'
    const answer = await send(H2C, { ...call.init, headers: { ...call.init.headers, [name]: value } })
    expect(endOf(call.protocol, answer).code).toMatch(/deadline_exceeded|grpc-status 4/)
    resolve()
    await sleep(5)
    expect(log.lines.filter(({ level }) => Number(level) >= 50)).toEqual([])
  })

  test.each(byName)('because a gate rejects it never reaches its handler: %s', async (_name, call) => {
    const { call: send, seen } = await startRoutedApp({
      before: (app) => app.addHook('onRequest', async () => {}),
      options: {
        requestGate() {
          throw new ConnectError('not you', Code.PermissionDenied)
        },
      },
    })
    expect(endOf(call.protocol, await send(H2C, call.init)).message).toBe('not you')
    expect(seen).toEqual([])
  })
})
