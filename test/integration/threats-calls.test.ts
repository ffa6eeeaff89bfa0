/** Attacks by the content of calls on the real port: paths, types, lengths, compression, names and texts. */
import { connect } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { FrameFlag as F, FrameType as T } from '../../wire/http2/frame.ts'
import { callHeaders, endOf, envelope, SAY_HELLO, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { type StartedApp, startRoutes } from '../support/demo-server.ts'
import { type ExchangeInit, exchangeHttp1, exchangeOn, exchanges } from '../support/exchange.ts'
import { LOOK_ALIKES } from '../support/look-alike-paths.ts'
import { callFields, HELLO_BODY, openRawCaller, wholeCall } from '../support/raw-caller.ts'
import { frame, headers } from '../support/raw-http2.ts'
import { RawSocket } from '../support/raw-socket.ts'

const MIB = 1_048_576
const GET_STREAM = '/greeter.v1.GreeterService/GetStream'

interface CountingApp extends StartedApp {
  /** What the service was asked, in order. */
  readonly asked: string[]
}

async function startCounting(): Promise<CountingApp> {
  const asked: string[] = []
  const app = await startRoutes({
    routes: (router) =>
      router.service(GreeterService, {
        sayHello({ name }, { requestHeader }) {
          asked.push(name)
          return { message: `${name} ${requestHeader.get('__proto__') ?? ''}` }
        },
        publish: ({ data }) => {
          asked.push(data)
          return {}
        },
        async *getStream({ topic }) {
          asked.push(topic)
          yield {}
        },
      }),
  })
  return { ...app, asked }
}

describe('paths that only resemble that of a method', () => {
  test('reach no handler over HTTP/2', async () => {
    expect(LOOK_ALIKES.length).toBeGreaterThanOrEqual(55)
    const { port, asked } = await startCounting()
    const peer = await openRawCaller(port)
    const bare = ['', '*', 'greeter.v1.GreeterService/SayHello', `http://localhost${SAY_HELLO}`]
    for (const [n, path] of [...LOOK_ALIKES, ...bare].entries()) {
      const id = 2 * n + 1
      peer.raw(headers(id, callFields(path)), frame(T.DATA, F.END_STREAM, id, HELLO_BODY))
      await peer.frame(({ type, streamId }) => streamId === id && (type === T.HEADERS || type === T.RST_STREAM))
    }
    expect(asked).toEqual([])
    expect(peer.frames.some(({ type }) => type === T.GOAWAY)).toBe(false)
    peer.raw(wholeCall(1_001))
    await peer.frame(({ type, streamId }) => streamId === 1_001 && type === T.DATA)
    expect(asked).toEqual(['Ada'])
  })

  test('reach no handler over HTTP/1.1', async () => {
    const { port, asked } = await startCounting()
    for (const path of LOOK_ALIKES) {
      const raw = await RawSocket.open({ port })
      const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
      raw.write(Buffer.from(`${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`, 'latin1'))
      await raw.closed
      expect(raw.text).toMatch(/^HTTP\/1.1 4\d\d /)
    }
    expect(asked).toEqual([])
  })
})

/** Creating a gigabyte would take seconds, and any size above the limit has the same effect. */
const BOMB = gzipSync(Buffer.alloc(64 * MIB))

describe('a 64 KiB bomb that decompresses to 64 MiB', () => {
  const grpc = { 'grpc-encoding': 'gzip' }
  const query = `?connect=v1&encoding=proto&compression=gzip&base64=1&message=`
  const bombs: readonly (readonly [string, ExchangeInit & { headers: Record<string, string> }])[] = [
    ['gRPC', { path: SAY_HELLO, headers: { ...callHeaders('grpc'), ...grpc }, body: envelope(BOMB, 1) }],
    ['gRPC-Web', { path: SAY_HELLO, headers: { ...callHeaders('grpc-web'), ...grpc }, body: envelope(BOMB, 1) }],
    [
      'gRPC-Web text',
      {
        path: SAY_HELLO,
        headers: { ...callHeaders('grpc-web-text'), ...grpc },
        body: envelope(BOMB, 1).toString('base64'),
      },
    ],
    [
      'Connect stream',
      {
        path: GET_STREAM,
        headers: { ...callHeaders('connect-stream'), 'connect-content-encoding': 'gzip' },
        body: envelope(BOMB, 1),
      },
    ],
    [
      'Connect unary',
      { path: SAY_HELLO, headers: { ...callHeaders('connect'), 'content-encoding': 'gzip' }, body: BOMB },
    ],
    [
      'Connect JSON',
      { path: SAY_HELLO, headers: { ...callHeaders('connect-json'), 'content-encoding': 'gzip' }, body: BOMB },
    ],
  ]

  test.each(bombs)('%s, 20 at once: rejected at the limit', async (_name, init) => {
    const { origin, asked } = await startCounting()
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchangeOn(session, init)))
    for (const { body, headers, trailers } of answers) {
      const text = init.headers['content-type']?.includes('text') ? Buffer.from(body.toString(), 'base64') : body
      expect(`${JSON.stringify({ headers, trailers })}${text}`).toMatch(/resource_exhausted|grpc-status(":"|: ?)8/)
    }
    expect(asked).toEqual([])
  })

  test('Connect GET', async () => {
    // What fits into a request target: 12 KiB, which would be 12 MiB.
    const message = gzipSync(Buffer.alloc(8 * MIB)).toString('base64url')
    expect(message.length).toBeLessThan(12_000)
    const { origin, asked } = await startCounting()
    const answer = await exchangeHttp1(origin, { path: SAY_HELLO + query + message, method: 'GET' })
    expect(endOf('connect', answer).code).toBe('resource_exhausted')
    expect(asked).toEqual([])
  })
})

describe.each(exchanges)('cross-site requests, over %s', (_version, exchange) => {
  test.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'name=Ada'],
    ['an upload', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--'],
    ['plain text', { 'content-type': 'text/plain' }, '{"name":"Ada"}'],
    ['no type', {}, '{"name":"Ada"}'],
    ['a list of types', { 'content-type': 'text/plain, application/json' }, '{"name":"Ada"}'],
    ['a type with more behind it', { 'content-type': 'application/json; charset=utf-16' }, '{"name":"Ada"}'],
  ])('%s is 415, and no handler runs', async (_name, headers, body) => {
    const { origin, asked } = await startCounting()
    const { status } = await exchange(origin, { path: SAY_HELLO, headers: { ...headers }, body })
    expect(status).toBe(415)
    expect(asked).toEqual([])
  })

  test('a GET cannot change anything', async () => {
    const { origin, asked } = await startCounting()
    const query = '?connect=v1&encoding=json&message=%7B%22data%22%3A%22x%22%7D'
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = await exchange(origin, {
        path: `/greeter.v1.GreeterService/Publish${query}`,
        method,
      })
      expect({ status, allow: headers.allow, body: body.length }).toEqual({ status: 405, allow: 'POST', body: 0 })
    }
    expect(asked).toEqual([])
  })

  test('HEAD to an unknown path has no body', async () => {
    const { origin } = await startCounting()
    const headers = { 'connect-protocol-version': '1' }
    const { status, body } = await exchange(origin, { path: '/a.B/C', method: 'HEAD', headers })
    expect({ status, body: body.length }).toEqual({ status: 404, body: 0 })
  })
})

describe('names that are special in JavaScript', () => {
  test('are ordinary metadata', async () => {
    const { port, asked } = await startCounting()
    const peer = await openRawCaller(port)
    const more = [
      ['__proto__', 'polluted'],
      ['constructor', 'x'],
    ] as const
    peer.raw(headers(1, callFields(SAY_HELLO, more)), frame(T.DATA, F.END_STREAM, 1, HELLO_BODY))
    const { payload } = await peer.frame(({ type }) => type === T.DATA)
    expect(payload.toString()).toContain('Ada polluted')
    expect(asked).toEqual(['Ada'])
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
  })

  test('are unknown fields in JSON, as many as fit', async () => {
    const { origin, asked } = await startCounting()
    const many = Array.from({ length: 100_000 }, (_, n) => `"${n}":0`).join()
    const body = `{"name":"Ada","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${many}}`
    const answer = await exchangeHttp1(origin, { path: SAY_HELLO, headers: callHeaders('connect-json'), body })
    expect(endOf('connect-json', answer).code).toBe('ok')
    expect(asked).toEqual(['Ada'])
    expect('polluted' in {}).toBe(false)
  })

  test('JSON nested 100,000 deep is INVALID_ARGUMENT', async () => {
    const { origin, asked } = await startCounting()
    const body = `{"unknown":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const answer = await exchangeHttp1(origin, { path: SAY_HELLO, headers: callHeaders('connect-json'), body })
    expect(endOf('connect-json', answer).code).toMatch(/^(ok|invalid_argument)$/)
    const open = await exchangeHttp1(origin, {
      path: SAY_HELLO,
      headers: callHeaders('connect-json'),
      body: '['.repeat(100_000),
    })
    expect(endOf('connect-json', open).code).toBe('invalid_argument')
    expect(asked.length).toBeLessThanOrEqual(1)
  })

  test('groups nested 100,000 deep are an invalid message', async () => {
    const { origin, asked } = await startCounting()
    const body = envelope(Buffer.concat([Buffer.alloc(100_000, 0x1b), Buffer.alloc(100_000, 0x1c)]))
    const answer = await exchangeHttp1(origin, { path: SAY_HELLO, headers: callHeaders('grpc-web'), body })
    expect(endOf('grpc-web', answer).code).toMatch(/^(ok|grpc-status 13|grpc-status 3)$/)
    expect(asked.length).toBeLessThanOrEqual(1)
  })
})

describe('text of a service cannot break out of its field', () => {
  const BREAKOUT = 'a\r\nx-injected: 1\r\n\r\n\0\u2028<script>'

  test.each(UNARY_PROTOCOLS)('the text of an error, in %s', async (protocol) => {
    const app = await startRoutes({
      routes: (router) =>
        router.service(GreeterService, {
          sayHello() {
            throw new ConnectError(BREAKOUT, Code.NotFound)
          },
        }),
    })
    for (const [version, exchange] of exchanges) {
      if (protocol === 'grpc' && version === 'HTTP/1.1') continue
      const answer = await exchange(app.origin, sayHello(protocol))
      expect(answer.headers['x-injected'] ?? answer.trailers['x-injected']).toBeUndefined()
      expect(endOf(protocol, answer)).toMatchObject({ message: BREAKOUT })
    }
  })

  test.each(['a\r\nx-injected: 1', 'a\0', '\u2028', 'caf\u00e9'])('metadata %j', async (value) => {
    const app = await startRoutes({
      routes: (router) =>
        router.service(GreeterService, {
          sayHello(_request, { responseHeader }) {
            responseHeader.set('x-name', value)
            return {}
          },
        }),
    })
    for (const protocol of UNARY_PROTOCOLS) {
      for (const [version, exchange] of exchanges) {
        if (protocol === 'grpc' && version === 'HTTP/1.1') continue
        const answer = await exchange(app.origin, sayHello(protocol))
        expect(answer.headers).not.toHaveProperty('x-injected')
        expect(answer.headers).not.toHaveProperty('x-name')
        const { code, message } = endOf(protocol, answer)
        expect(code).toMatch(/^(internal|grpc-status 13)$/)
        expect(message).toMatch(/^internal error [0-9a-f-]{36}$/)
      }
    }
  })
})

test('a field with NUL, CR or LF is malformed: the stream is reset and no handler runs', async () => {
  const { port, asked } = await startCounting()
  const peer = await openRawCaller(port)
  const values = ['a\0b', 'a\rb', 'a\nb', 'a\r\nb: c', ' a', 'a ']
  for (const [n, value] of values.entries()) {
    const id = 2 * n + 1
    peer.raw(headers(id, callFields(SAY_HELLO, [['x-name', value]])), frame(T.DATA, F.END_STREAM, id, HELLO_BODY))
    const { payload } = await peer.frame(({ type, streamId }) => type === T.RST_STREAM && streamId === id)
    expect(payload.readUInt32BE(0)).toBe(1)
  }
  expect(asked).toEqual([])
})

test('a body that is longer or shorter than its content-length reaches no handler', async () => {
  const { port, asked } = await startCounting()
  const peer = await openRawCaller(port)
  const message = toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'Ada' }))
  for (const [n, length] of ['1', '1000', '+5', '0x5', '5, 6', '-5', '18446744073709551616'].entries()) {
    const id = 2 * n + 1
    const fields = callFields(SAY_HELLO, [['content-length', length]])
    peer.raw(headers(id, fields), frame(T.DATA, F.END_STREAM, id, envelope(message)))
    const { payload } = await peer.frame(({ type, streamId }) => type === T.RST_STREAM && streamId === id)
    expect(payload.readUInt32BE(0)).toBe(1)
  }
  expect(asked).toEqual([])
})
