/** What hooks see of a response, and what they may change. */

import { once } from 'node:events'
import { connect } from 'node:http2'
import { createConnection } from 'node:net'
import { Readable } from 'node:stream'
import { createGzip, gunzipSync } from 'node:zlib'
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyInstance } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SayHelloResponseSchema } from '../../../gen/greeter/v1/greeter_pb.js'
import { messageEncoder } from '../../../wire/codec/encode/message-encoder.ts'
import { endOf, sayHello } from '../../support/calls.ts'
import { CALLS, CALLS_BY_FRONT, type CallCase, FRONTS, type Front, startRoutedApp } from '../../support/routed-app.ts'

const H2C = FRONTS[1] as Front
const byName = CALLS.map((call) => [call.name, call] as const)

function isUnaryConnect({ protocol }: CallCase): boolean {
  return protocol === 'connect' || protocol === 'connect-json'
}

/** The result of the same call without hooks. */
async function plain(call: CallCase) {
  const { call: send } = await startRoutedApp({})
  return send(H2C, call.init)
}

describe('an onSend hook', () => {
  test.each(CALLS_BY_FRONT)('sees the headers of %s, and can add to them', async (_name, call, front) => {
    const heads: unknown[] = []
    const { call: send } = await startRoutedApp({
      before: (app) => {
        app.addHook('onRequest', async (_request, reply) => void reply.header('set-cookie', 'first=1'))
        app.addHook('onSend', async (_request, reply) => {
          heads.push([reply.statusCode, reply.getHeader('content-type'), reply.getHeader('x-service')])
          reply.header('set-cookie', 'second=2').header('x-sent', 'yes').removeHeader('x-removed')
        })
      },
      options: {
        requestGate({ responseHeader }) {
          responseHeader.set('x-service', 'yes')
          responseHeader.set('x-removed', 'yes')
        },
      },
    })
    const answer = await send(front, call.init)
    const type = call.init.headers['content-type']
    expect(heads).toEqual([[200, type, 'yes']])
    expect(answer.headers).toMatchObject({ 'set-cookie': ['first=1', 'second=2'], 'x-sent': 'yes', 'x-service': 'yes' })
    expect(answer.headers['x-removed']).toBeUndefined()
    expect(answer.headers['content-type']).toBe(type)
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(answer.body.equals((await plain(call)).body)).toBe(true)
  })

  test.each(byName)('sees the headers of a failure: %s', async (_name, call) => {
    const statuses: number[] = []
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('onSend', async (_request, reply) => {
          statuses.push(reply.statusCode)
          reply.header('x-sent', 'yes')
        }),
      options: {
        requestGate() {
          throw new ConnectError('not you', Code.PermissionDenied)
        },
      },
    })
    const answer = await send(H2C, call.init)
    expect(statuses).toEqual([isUnaryConnect(call) ? 403 : 200])
    expect(answer.headers['x-sent']).toBe('yes')
    expect(endOf(call.protocol, answer).message).toBe('not you')
    if (call.protocol === 'grpc') expect(answer.headers['grpc-status']).toBe('7')
  })

  test.each(byName)('sees a failure of earlier hooks, and runs once: %s', async (_name, call) => {
    let runs = 0
    const { call: send } = await startRoutedApp({
      before: (app) => {
        app.addHook('onSend', async () => void runs++)
        app.addHook('onRequest', async (_request, reply) => reply.code(401).send({ message: 'no token' }))
      },
    })
    expect(endOf(call.protocol, await send(H2C, call.init)).message).toBe('no token')
    expect(runs).toBe(1)
  })

  test.each(byName)('if slow, delays the headers and what follows: %s', async (_name, call) => {
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('onSend', async () => {
          await new Promise((resolve) => setTimeout(resolve, 20))
        }),
    })
    const answer = await send(H2C, call.init)
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(answer.body.equals((await plain(call)).body)).toBe(true)
  })

  test.each(byName)('that encodes a message of its own, as for a call, changes nothing: %s', async (_name, call) => {
    const own = create(SayHelloResponseSchema, { message: 'of the hook'.repeat(10) })
    const encoder = messageEncoder(SayHelloResponseSchema, { kind: 'compiled' })
    const { call: send } = await startRoutedApp({
      before: (app) => app.addHook('onSend', async () => void encoder.encode(own)),
    })
    expect((await send(H2C, call.init)).body.equals((await plain(call)).body)).toBe(true)
  })

  const REPLACEMENTS = [
    ['a compressed one', (payload: unknown) => compress(payload)],
    ['a text', () => 'other'],
    ['octets', () => Buffer.from('other')],
    ['an empty stream', () => Readable.from([])],
    ['nothing', () => null],
  ] as const

  function compress(payload: unknown): Readable {
    const source = payload instanceof Readable ? payload : Readable.from([payload as Buffer])
    return source.pipe(createGzip())
  }

  describe.each(REPLACEMENTS)('that replaces the body by %s', (name, replace) => {
    test.each(byName)('does so for unary Connect only: %s', async (_name, call) => {
      const { call: send, log } = await startRoutedApp({
        before: (app) =>
          app.addHook('onSend', async (_request, reply, payload) => {
            if (name === 'a compressed one') reply.header('content-encoding', 'gzip').removeHeader('content-length')
            return replace(payload)
          }),
      })
      const expected = await plain(call)
      for (let i = 0; i < 2; i++) {
        const answer = await send(H2C, call.init)
        if (!isUnaryConnect(call)) {
          expect(answer.body.equals(expected.body)).toBe(true)
          expect(answer.headers['content-encoding']).toBeUndefined()
          expect(endOf(call.protocol, answer).code).toBe('ok')
        } else if (name === 'a compressed one') {
          expect(answer.headers['content-encoding']).toBe('gzip')
          expect(gunzipSync(answer.body).equals(expected.body)).toBe(true)
        } else expect(answer.body.toString()).toBe(name === 'a text' || name === 'octets' ? 'other' : '')
      }
      const warnings = log.lines.filter(({ msg }) => String(msg).includes('replaced the body of a call'))
      expect(warnings).toHaveLength(isUnaryConnect(call) ? 0 : 1)
    })
  })

  test.each(byName)('that reads the body does not hang: %s', async (_name, call) => {
    const read: string[] = []
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('onSend', async (_request, _reply, payload) => {
          if (!(payload instanceof Readable)) return payload
          read.push(Buffer.concat(await payload.toArray()).toString())
          return payload
        }),
    })
    expect(endOf(call.protocol, await send(H2C, call.init)).code).toBe('ok')
    expect(read).toEqual(isUnaryConnect(call) ? [] : [''])
  })

  test.each(byName)('that throws fails the call in its protocol, once: %s', async (_name, call) => {
    const { call: send, log } = await startRoutedApp({
      before: (app) =>
        app.addHook('onSend', async () => {
          throw new Error('password')
        }),
    })
    const answer = await send(H2C, call.init)
    expect(endOf(call.protocol, answer).code).toMatch(/internal|grpc-status 13/)
    expect(answer.status).toBe(isUnaryConnect(call) ? 500 : 200)
    expect(answer.body.toString() + JSON.stringify(answer.headers)).not.toContain('password')
    expect(log.text).toContain('password')
  })

  test.each(byName)('that throws a ConnectError fails the call with it: %s', async (_name, call) => {
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('onSend', async () => {
          throw new ConnectError('no quota', Code.ResourceExhausted)
        }),
    })
    const answer = await send(H2C, call.init)
    expect(endOf(call.protocol, answer)).toEqual({
      code: call.protocol.startsWith('grpc') ? 'grpc-status 8' : 'resource_exhausted',
      message: 'no quota',
    })
  })

  test('can answer a conditional Connect GET with 304', async () => {
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('onSend', async (request, reply, payload) => {
          reply.header('etag', '"1"')
          if (request.headers['if-none-match'] !== '"1"') return payload
          reply.code(304)
          return ''
        }),
    })
    const path = '/greeter.v1.GreeterService/SayHello?connect=v1&encoding=json&message=%7B%7D'
    const first = await send(H2C, { method: 'GET', path })
    expect(first).toMatchObject({ status: 200, headers: { etag: '"1"' } })
    const second = await send(H2C, { method: 'GET', path, headers: { 'if-none-match': '"1"' } })
    expect(second.status).toBe(304)
    expect(second.body.byteLength).toBe(0)
  })
})

describe('onResponse', () => {
  test.each(CALLS_BY_FRONT)('runs once for %s', async (_name, call, front) => {
    const statuses: number[] = []
    const done = Promise.withResolvers<void>()
    const { call: send } = await startRoutedApp({
      before: (app) =>
        app.addHook('onResponse', async (_request, reply) => {
          statuses.push(reply.statusCode)
          done.resolve()
        }),
    })
    await send(front, call.init)
    await done.promise
    expect(statuses).toEqual([200])
  })
})

describe('onError', () => {
  /** Collects what an onError hook is given. */
  function noting(errors: unknown[]) {
    return (app: FastifyInstance) => app.addHook('onError', async (_request, _reply, error) => void errors.push(error))
  }

  test.each(byName)('runs for an error of a hook: %s', async (_name, call) => {
    const errors: unknown[] = []
    const fault = Object.assign(new Error('no token'), { statusCode: 401 })
    const { call: send } = await startRoutedApp({
      before: (app) => {
        noting(errors)(app)
        app.addHook('preHandler', async () => {
          throw fault
        })
      },
    })
    expect(endOf(call.protocol, await send(H2C, call.init)).message).toBe('no token')
    expect(errors).toEqual([fault])
  })

  test.each(byName)('runs for an error of the handler: %s', async (_name, call) => {
    const errors: unknown[] = []
    const fault = new ConnectError('not here', Code.NotFound)
    const { call: send } = await startRoutedApp({
      before: noting(errors),
      greeter: {
        sayHello() {
          throw fault
        },
        async *getStream() {
          yield await Promise.reject(fault)
        },
      },
    })
    const answer = await send(H2C, call.init)
    expect(endOf(call.protocol, answer).message).toBe('not here')
    expect(errors).toEqual([fault])
  })

  test('runs for an error of a stream that has begun', async () => {
    const errors: unknown[] = []
    const fault = new ConnectError('broken', Code.DataLoss)
    const { call: send } = await startRoutedApp({
      before: noting(errors),
      greeter: {
        async *getStream() {
          yield {}
          throw fault
        },
      },
    })
    for (const call of CALLS.filter(({ name }) => name.endsWith('stream'))) {
      expect(endOf(call.protocol, await send(H2C, call.init)).message).toBe('broken')
    }
    expect(errors).toEqual([fault, fault, fault, fault])
  })
})

describe('onRequestAbort', () => {
  test('runs for a client that disconnects, over HTTP/2', async () => {
    const aborted = Promise.withResolvers<string>()
    const reached = Promise.withResolvers<void>()
    const { port } = await startRoutedApp({
      before: (app) => app.addHook('onRequestAbort', async ({ url }) => aborted.resolve(url)),
      greeter: {
        sayHello() {
          reached.resolve()
          return new Promise(() => {})
        },
      },
    })
    const session = connect(`http://127.0.0.1:${port}`)
    onTestFinished(() => session.destroy())
    await once(session, 'connect')
    const { path, headers, body } = sayHello('grpc')
    const stream = session.request({ ':path': path, ':method': 'POST', ...headers })
    stream.on('error', () => {})
    stream.end(body)
    await reached.promise
    stream.close(8)
    expect(await aborted.promise).toBe(path)
  })

  test('runs for a client that disconnects, over HTTP/1.1', async () => {
    const aborted = Promise.withResolvers<string>()
    const reached = Promise.withResolvers<void>()
    const { port } = await startRoutedApp({
      before: (app) => app.addHook('onRequestAbort', async ({ url }) => aborted.resolve(url)),
      greeter: {
        sayHello() {
          reached.resolve()
          return new Promise(() => {})
        },
      },
    })
    const { path } = sayHello('connect-json')
    const socket = createConnection(port, '127.0.0.1')
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
    )
    await reached.promise
    socket.destroy()
    expect(await aborted.promise).toBe(path)
  })
})
