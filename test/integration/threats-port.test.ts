/** Attacks on parts other than calls: TLS, standard services, the log. */
import { connect } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { callHeaders, endOf, envelope, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { startDemo } from '../support/demo-server.ts'
import { exchangeHttp2, exchanges } from '../support/exchange.ts'
import { PREFACE } from '../support/http2-frames.ts'
import { LogCapture } from '../support/log-capture.ts'
import { frame, settingsFrame } from '../support/raw-http2.ts'
import { RawSocket } from '../support/raw-socket.ts'

const { ca, server } = await testCertificates()

describe('over TLS', () => {
  test('clients that break HPACK and cut the connection affect only themselves', async () => {
    const { port } = await startDemo({ listen: { tls: server } })
    for (let n = 0; n < 40; n++) {
      const raw = await RawSocket.open({ port, tls: { ca, ALPNProtocols: ['h2'] } })
      raw.write(Buffer.concat([PREFACE, settingsFrame([]), frame(1, 5, 1, Buffer.alloc(9_000, 0xff))]))
      if (n % 2 === 0) await raw.closed
      raw.socket.destroy()
    }
    const last = await RawSocket.open({ port, tls: { ca, ALPNProtocols: ['http/1.1'] } })
    last.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await last.untilText('200 OK')
  })

  test.each(['x'.repeat(253), 'caf\u00e9', 'a..b', '*.test', '__proto__'])(
    'a TLS server name of %j is answered or rejected',
    async (servername) => {
      const { port } = await startDemo({ listen: { tls: server } })
      const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
      await new Promise<void>((resolve) => socket.on('error', () => resolve()).once('secureConnect', () => resolve()))
      socket.destroy()
      const raw = await RawSocket.open({ port, tls: { ca } })
      raw.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
      await raw.untilText('200 OK')
    },
  )
})

test.each(exchanges)('disabled health and reflection are UNIMPLEMENTED over %s', async (_version, exchange) => {
  const { origin } = await startDemo({ servesHealth: false, servesReflection: false })
  const call = { headers: callHeaders('grpc-web'), body: envelope(Buffer.alloc(0)) }
  for (const path of [
    '/grpc.health.v1.Health/Check',
    '/grpc.health.v1.Health/Watch',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  ]) {
    expect(endOf('grpc-web', await exchange(origin, { ...call, path })).code).toBe('grpc-status 12')
  }
})

test('input of a caller cannot start a log line', async () => {
  const log = new LogCapture()
  const { origin } = await startDemo({ logger: log.logger })
  const path = '/x%0A%7B"level":60}/\u001b[31m'
  for (const name of ['a\n{"level":60}', '\u001b[2J']) {
    const call = sayHello('connect-json', name)
    await exchangeHttp2(origin, { ...call, headers: { ...call.headers, 'user-agent': 'x\ty"}' } })
  }
  await exchangeHttp2(origin, { path: encodeURI(path), method: 'GET' })
  expect(log.lines.length).toBeGreaterThan(2)
  expect(log.lines.filter(({ level }) => level === 60)).toEqual([])
  expect(log.text).not.toContain('\u001b')
})
