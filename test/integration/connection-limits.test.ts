/** A full port closes an idle connection for a new one; and one address cannot use all connections. */
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { testCertificates } from '../support/certificates.ts'
import { startDemo, testLane } from '../support/demo-server.ts'
import { encodeFrame, FLAG, FRAME, PREFACE } from '../support/http2-frames.ts'
import { LogCapture } from '../support/log-capture.ts'
import { RawSocket } from '../support/raw-socket.ts'

const LIVEZ = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'
const UNFINISHED_CALL =
  'POST /greeter.v1.GreeterService/SayHello HTTP/1.1\r\nHost: localhost\r\n' +
  'Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{'
const HTTP2_HELLO = Buffer.concat([
  PREFACE,
  encodeFrame({ type: FRAME.SETTINGS }),
  encodeFrame({ type: FRAME.SETTINGS, flags: FLAG.ACK }),
])

/** The clock alone stands still; timers run. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
})

async function askedOnce(port: number): Promise<RawSocket> {
  const raw = await RawSocket.open({ port })
  raw.write(LIVEZ)
  await raw.untilText('{"status":"ok"}')
  return raw
}

async function askAgain(raw: RawSocket): Promise<void> {
  const seen = raw.received.length
  raw.write(LIVEZ)
  await raw.until(() => raw.text.slice(seen).includes('{"status":"ok"}'))
}

/** One more connection makes the port look for idle ones. It records when they became idle, but has no room yet. */
async function expectRefusal(port: number): Promise<void> {
  const raw = await RawSocket.open({ port })
  await raw.closed
  expect(raw.text).toBe('')
}

describe('at the connection limit', () => {
  test('the longest-idle HTTP/1.1 connection is closed for a new one', async () => {
    const { port } = await startDemo({ listen: { maxConnections: 2 } })
    const first = await askedOnce(port)
    const second = await askedOnce(port)
    await expectRefusal(port)
    vi.advanceTimersByTime(5_000)
    await askAgain(second)
    await expectRefusal(port)
    vi.advanceTimersByTime(6_000)
    await askedOnce(port)
    await first.closed
    await askAgain(second)
  })

  test.runIf(testLane === 'native')(
    'the longest-idle HTTP/2 connection is closed for a new one, with GOAWAY',
    async () => {
      const { port } = await startDemo({ listen: { maxConnections: 1 } })
      const first = await RawSocket.open({ port })
      first.write(HTTP2_HELLO)
      const ack = encodeFrame({ type: FRAME.SETTINGS, flags: FLAG.ACK })
      await first.until(() => first.received.includes(ack))
      await expectRefusal(port)
      vi.advanceTimersByTime(11_000)
      await askedOnce(port)
      await first.closed
      const goaway = Buffer.from([0, 0, 8, FRAME.GOAWAY])
      expect(first.received.includes(goaway)).toBe(true)
    },
  )

  test('each of many new connections replaces an idle one at once, logged in one line', async () => {
    const log = new LogCapture()
    const { port } = await startDemo({ logger: log.logger, listen: { maxConnections: 100 } })
    const idle = await Promise.all(Array.from({ length: 100 }, () => askedOnce(port)))
    await expectRefusal(port)
    vi.advanceTimersByTime(11_000)
    const newcomers = await Promise.all(Array.from({ length: 50 }, () => askedOnce(port)))
    await Promise.all(idle.slice(0, 50).map(({ closed }) => closed))
    await Promise.all([...idle.slice(50), ...newcomers].map((raw) => askAgain(raw)))
    expect(log.withMessage('connection limit reached')).toMatchObject([
      { level: 40, refused: 1, endedIdle: 0, connections: 100, maxConnections: 100 },
    ])
  })

  test('a connection with a request under way is never closed', async () => {
    const { port } = await startDemo({ listen: { maxConnections: 1 } })
    const waiting = await RawSocket.open({ port })
    waiting.write('POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n')
    await expectRefusal(port)
    vi.advanceTimersByTime(11_000)
    const other = await RawSocket.open({ port })
    await other.closed
    expect(other.text).toBe('')
  })
})

test.runIf(testLane === 'native')('a connection that closed makes room for one other', async () => {
  const { ca, server } = await testCertificates()
  const listen = { maxConnections: 5, tls: server, allowsCleartext: true, stallTimeoutMs: 0 }
  const { port } = await startDemo({ listen })
  for (let i = 0; i < 5; i++) {
    const tls = { ca, ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } as const
    const refused = await RawSocket.open({ port, tls })
    await refused.closed
  }
  const busy = await Promise.all(Array.from({ length: 5 }, () => RawSocket.open({ port })))
  for (const raw of busy) raw.write(UNFINISHED_CALL)
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(11_000)
    await expectRefusal(port)
  }
  expect(busy.map(({ socket }) => socket.destroyed)).toEqual(busy.map(() => false))
})

test('a connection above maxConnectionsPerAddress is closed, and the others live', async () => {
  const { port } = await startDemo({ listen: { maxConnectionsPerAddress: 2 } })
  const first = await askedOnce(port)
  const second = await askedOnce(port)
  await expectRefusal(port)
  first.socket.destroy()
  await askAgain(second)
  await expect.poll(() => askedOnce(port).then(() => 'fine', String)).toBe('fine')
})
