/** Request heads that no router should see: smuggling, ambiguous hosts, floods (RFC 9112 sections 3.2, 6.3, 9). */
import { connect } from 'node:http2'
import { PassThrough } from 'node:stream'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { onePort } from '../../server/listen/one-port.ts'
import { SAY_HELLO, sayHello } from '../support/calls.ts'
import { startDemo, startFastify } from '../support/demo-server.ts'
import { type Exchange, exchangeHttp1, exchangeHttp2, exchangeOn } from '../support/exchange.ts'
import { RawSocket } from '../support/raw-socket.ts'

const HOST = 'Host: localhost\r\n'
const SMUGGLED = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'

describe('an HTTP/1.1 connection gets only a 400 and is closed', () => {
  test.each([
    [
      'Content-Length beside Transfer-Encoding',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    ['two Content-Lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello${SMUGGLED}`],
    ['a Content-Length with a sign', `POST / HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\nhello`],
    ['chunked that is not last', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `POST / HTTP/1.1\r\n${HOST}Content-Length : 5\r\n\r\nhello`],
    ['a line fold', `GET / HTTP/1.1\r\n${HOST}X-Folded: a\r\n b\r\n\r\n`],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: localhost\n\n'],
    ['a NUL in a value', `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', `GET / HTTP/1.1\r\n${HOST}Host: evil\r\n\r\n`],
    ['Host [', 'GET / HTTP/1.1\r\nHost: [\r\n\r\n'],
    ['Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['Host with a port out of range', 'GET / HTTP/1.1\r\nHost: x:99999\r\n\r\n'],
    ['Host with userinfo', 'GET / HTTP/1.1\r\nHost: user@localhost\r\n\r\n'],
    ['the absolute form of another host', `GET http://evil/ HTTP/1.1\r\n${HOST}\r\n`],
    ['* for GET', `GET * HTTP/1.1\r\n${HOST}\r\n`],
    ['an unknown method', `HELLO / HTTP/1.1\r\n${HOST}\r\n`],
  ])('%s', async (_name, bytes) => {
    const { port } = await startDemo()
    const raw = await RawSocket.open({ port })
    raw.write(bytes)
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 400 /)
    expect(raw.text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  })
})

test.each([
  ['words', 'hello, is anybody there?\r\n\r\n'],
  ['a wrong HTTP/2 preface', 'INVALID CONNECTION PREFACE\r\n\r\n'],
])('closes a connection that is not HTTP without a response: %s', async (_name, bytes) => {
  const { port } = await startDemo()
  const raw = await RawSocket.open({ port })
  raw.write(bytes)
  await raw.closed
  expect(raw.text).toBe('')
})

test.each(['gzip, chunked', 'identity, chunked'])(
  'a body in the codings %s is 501, and never content',
  async (codings) => {
    const { port } = await startDemo()
    const raw = await RawSocket.open({ port })
    const head = `POST ${SAY_HELLO} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: ${codings}\r\n\r\n`
    raw.write(`${head}2\r\n{}\r\n0\r\n\r\n${SMUGGLED}`)
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 501 /)
    expect(raw.text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  },
)

test('rejects CONNECT', async () => {
  const { port } = await startDemo()
  const raw = await RawSocket.open({ port })
  raw.write(`CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n`)
  await raw.closed
  expect(raw.text).not.toMatch(/ 200 /)
})

test('headers slower than the header timeout get 408', async () => {
  const { port } = await startDemo({ listen: { headerTimeoutMs: 50 } })
  const raw = await RawSocket.open({ port })
  raw.write(`GET /livez HTTP/1.1\r\n${HOST}X-Slow: `)
  await raw.closed
  expect(raw.text).toMatch(/^HTTP\/1\.1 408 /)
})

test('malformed bytes after a request do not corrupt its response', async () => {
  const app = fastify(onePort())
  app.get('/slow', async (_request, reply) => {
    const parts = new PassThrough()
    parts.write('first part')
    return reply.send(parts)
  })
  const { port } = await startFastify(app)
  const raw = await RawSocket.open({ port })
  raw.write(`GET /slow HTTP/1.1\r\n${HOST}\r\n`)
  await raw.untilText('first part')
  raw.write('this is no request\r\n\r\n')
  await raw.closed
  expect(raw.text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
})

describe('over HTTP/2', () => {
  test.each([[':authority that is not the Host', { ':authority': 'localhost', host: 'evil' }]])(
    '%s gets 400',
    async (_name, headers) => {
      const { origin } = await startDemo()
      const answer = await exchangeHttp2(origin, { method: 'GET', path: '/livez', headers })
      expect(answer.status).toBe(400)
      expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'internal' })
    },
  )

  test('a rejected call whose body never ends does not block a stream slot', async () => {
    const { origin } = await startDemo({ listen: { maxConcurrentStreams: 2 } })
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    for (let call = 0; call < 6; call++) {
      const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': 'localhost', host: 'evil' })
      stream.on('error', () => {})
      await new Promise((resolve) => stream.resume().once('close', resolve))
    }
    expect((await exchangeOn(session, sayHello('grpc'))).status).toBe(200)
  })
})

describe.each<readonly [string, Exchange]>([
  ['HTTP/1.1', exchangeHttp1],
  ['HTTP/2', exchangeHttp2],
])('a header flood over %s', (_version, exchange) => {
  /** `count` fields beside `host`, or beside the pseudo-fields. */
  const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, 'v']))
  const listen = { maxHeaderFields: 50 }

  test('serves as many fields as allowed', async () => {
    const { origin } = await startDemo({ listen })
    // node:http adds its own Host and Connection; HTTP/2 pseudo-fields do not count.
    const headers = fields(exchange === exchangeHttp1 ? 48 : 50)
    expect((await exchange(origin, { method: 'GET', path: '/livez', headers })).status).toBe(200)
  })

  test('one field above the limit gets 431', async () => {
    const { origin } = await startDemo({ listen })
    expect((await exchange(origin, { method: 'GET', path: '/livez', headers: fields(51) })).status).toBe(431)
  })

  test('a request far above the field limit never reaches a handler', async () => {
    const { origin } = await startDemo({ listen })
    const outcome = await exchange(origin, { method: 'GET', path: '/livez', headers: fields(900) }).then(
      ({ status }) => status,
      () => 'reset',
    )
    expect([431, 'reset']).toContain(outcome)
  })

  test('a request above the byte limit never reaches a handler', async () => {
    const { origin } = await startDemo({ listen })
    const outcome = await exchange(origin, {
      method: 'GET',
      path: '/livez',
      headers: { 'x-long': 'v'.repeat(70_000) },
    }).then(
      ({ status }) => status,
      () => 'reset',
    )
    expect([431, 'reset']).toContain(outcome)
  })
})
