/** How a port handles the first bytes of cleartext connections. */
import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { endOf, SAY_HELLO, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { startDemo } from '../support/demo-server.ts'
import { exchanges } from '../support/exchange.ts'
import { decodeFrames, encodeFrame, encodeHeaderBlock, FLAG, FRAME, PREFACE } from '../support/http2-frames.ts'
import { byteByByte, RawSocket } from '../support/raw-socket.ts'

const JSON_CALL = Buffer.from(
  `POST ${SAY_HELLO} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"name":"Ada"}`,
)

/** Everything that an HTTP/2 client sends to GET /livez. */
const HTTP2_LIVEZ = Buffer.concat([
  PREFACE,
  encodeFrame({ type: FRAME.SETTINGS }),
  encodeFrame({
    type: FRAME.HEADERS,
    flags: FLAG.END_HEADERS | FLAG.END_STREAM,
    streamId: 1,
    payload: encodeHeaderBlock([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/livez'],
      [':authority', 'localhost'],
    ]),
  }),
])

for (const [version, exchange] of exchanges) {
  describe(version, () => {
    test.each(UNARY_PROTOCOLS)('a call in %s is answered', async (protocol) => {
      const { origin } = await startDemo()
      const answer = await exchange(origin, sayHello(protocol))
      expect(answer.status).toBe(200)
      expect(endOf(protocol, answer)).toEqual({ code: 'ok', message: '' })
      expect(answer.body.toString('latin1')).toContain('Hello Ada')
    })

    test('answers ordinary HTTP', async () => {
      const { origin } = await startDemo()
      const answer = await exchange(origin, { method: 'GET', path: '/livez' })
      expect(JSON.parse(answer.body.toString())).toEqual({ status: 'ok' })
    })
  })
}

test('an HTTP/1.1 call may arrive one byte at a time', async () => {
  const { port } = await startDemo()
  const raw = await RawSocket.open({ port })
  await raw.writeApart(byteByByte(JSON_CALL))
  expect(await raw.untilText('Hello Ada')).toMatch(/^HTTP\/1\.1 200 /)
})

test('an HTTP/2 connection may arrive one byte at a time', async () => {
  const { port } = await startDemo()
  const raw = await RawSocket.open({ port })
  await raw.writeApart(byteByByte(HTTP2_LIVEZ))
  await raw.untilText('{"status":"ok"}')
})

test('the HTTP/2 preface may be split at every offset', async () => {
  const { port } = await startDemo()
  for (let offset = 1; offset <= PREFACE.length; offset++) {
    const raw = await RawSocket.open({ port })
    await raw.writeApart([HTTP2_LIVEZ.subarray(0, offset), HTTP2_LIVEZ.subarray(offset)])
    await raw.untilText('{"status":"ok"}')
    raw.socket.destroy()
  }
})

test('a client that half-closes still gets its response over HTTP/1.1', async () => {
  const { port } = await startDemo()
  const raw = await RawSocket.open({ port })
  raw.socket.end(JSON_CALL)
  await raw.untilText('Hello Ada')
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['half a preface', PREFACE.subarray(0, 12)],
])('a connection that sends %s is closed after the sniff timeout', async (_name, bytes) => {
  const { port } = await startDemo({ listen: { sniffTimeoutMs: 50 } })
  const raw = await RawSocket.open({ port })
  raw.write(bytes)
  await raw.closed
  expect(raw.text).toBe('')
})

test('half a preface followed by the end is closed without a response', async () => {
  const { port } = await startDemo()
  const raw = await RawSocket.open({ port })
  raw.socket.end(PREFACE.subarray(0, 12))
  await raw.closed
  expect(raw.text).toBe('')
})

test.each([
  ['no SETTINGS', PREFACE],
  ['no ACK of the SETTINGS of the server', Buffer.concat([PREFACE, encodeFrame({ type: FRAME.SETTINGS })])],
])('an HTTP/2 peer that sends %s is closed after the handshake timeout', async (_name, bytes) => {
  const { port } = await startDemo({ listen: { handshakeTimeoutMs: 50 } })
  const raw = await RawSocket.open({ port })
  raw.write(bytes)
  await raw.closed
  expect(decodeFrames(raw.received)[0]?.type).toBe(FRAME.SETTINGS)
})

test('an HTTP/2 connection without streams is closed with GOAWAY after the idle timeout', async () => {
  const { port } = await startDemo({ listen: { idleTimeoutMs: 50 } })
  const raw = await RawSocket.open({ port })
  raw.write(
    Buffer.concat([
      PREFACE,
      encodeFrame({ type: FRAME.SETTINGS }),
      encodeFrame({ type: FRAME.SETTINGS, flags: FLAG.ACK }),
    ]),
  )
  await raw.closed
  expect(decodeFrames(raw.received).map((frame) => frame.type)).toContain(FRAME.GOAWAY)
})

test('a connection without streams is idle even if its peer sends PINGs', async () => {
  const { port } = await startDemo({ listen: { idleTimeoutMs: 100, keepalive: { minTimeMs: 0 } } })
  const raw = await RawSocket.open({ port })
  raw.write(
    Buffer.concat([
      PREFACE,
      encodeFrame({ type: FRAME.SETTINGS }),
      encodeFrame({ type: FRAME.SETTINGS, flags: FLAG.ACK }),
    ]),
  )
  const pings = setInterval(() => raw.write(encodeFrame({ type: FRAME.PING, payload: Buffer.alloc(8) })), 20)
  onTestFinished(() => clearInterval(pings))
  await raw.closed
  const types = decodeFrames(raw.received).map((frame) => frame.type)
  expect(types).toContain(FRAME.PING)
  expect(types).toContain(FRAME.GOAWAY)
})

test('TCP keepalive is enabled on accepted connections', async () => {
  const { fastify, port } = await startDemo()
  const asked = new Promise((resolve) => {
    fastify.server.prependOnceListener('connection', (socket: Socket) => {
      vi.spyOn(socket, 'setKeepAlive').mockImplementation(function (this: Socket, ...how) {
        resolve(how)
        return this
      })
    })
  })
  const raw = await RawSocket.open({ port })
  expect(await asked).toEqual([true, 60_000])
  raw.write(JSON_CALL)
  await raw.untilText('Hello Ada')
})

test('a TLS hello to a cleartext port gets an alert', async () => {
  const { port } = await startDemo()
  await expect(RawSocket.open({ port, tls: {} })).rejects.toMatchObject({
    code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  })
})

test('Upgrade: h2c is answered as plain HTTP/1.1', async () => {
  const { port } = await startDemo()
  const raw = await RawSocket.open({ port })
  raw.write(
    'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
  )
  expect(await raw.untilText('{"status":"ok"}')).toMatch(/^HTTP\/1\.1 200 /)
})

test('a connection above maxConnections is closed, and the others live', async () => {
  const { port } = await startDemo({ listen: { maxConnections: 2 } })
  const first = await RawSocket.open({ port })
  const second = await RawSocket.open({ port })
  first.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await first.untilText('{"status":"ok"}')
  const third = await RawSocket.open({ port })
  await third.closed
  second.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await second.untilText('{"status":"ok"}')
})
