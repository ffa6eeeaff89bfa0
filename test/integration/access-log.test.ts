/** One line per call with its outcome, for every kind of outcome. */
import { connect } from 'node:http2'
import { Code, ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { brokenRoutes } from '../support/broken-services.ts'
import {
  type CallProtocol,
  callHeaders,
  endOf,
  envelope,
  SAY_HELLO,
  sayHello,
  UNARY_PROTOCOLS,
} from '../support/calls.ts'
import { startDemo, startRoutes } from '../support/demo-server.ts'
import { type ExchangeInit, exchangeHttp1, exchanges } from '../support/exchange.ts'
import { LogCapture, type LogLine } from '../support/log-capture.ts'
import { RawSocket } from '../support/raw-socket.ts'

const METHOD = 'greeter.v1.GreeterService/SayHello'
const NAMES: Readonly<Record<string, string>> = { 'connect-json': 'connect' }
const INFO = 30
const WARN = 40
const ERROR = 50

/** The only call line there is, once it is there. */
async function callLine(log: LogCapture): Promise<LogLine> {
  await expect.poll(() => log.withMessage('call').length).toBeGreaterThan(0)
  expect(log.withMessage('call')).toHaveLength(1)
  return log.withMessage('call')[0] ?? {}
}

/** What every line of a call holds. */
function lineOf(protocol: CallProtocol, version: string, more: object): object {
  return {
    method: METHOD,
    protocol: NAMES[protocol] ?? protocol,
    durationMs: expect.any(Number),
    receivedBytes: expect.any(Number),
    sentBytes: expect.any(Number),
    peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    httpVersion: version === 'HTTP/2' ? '2.0' : '1.1',
    ...more,
  }
}

describe.each(exchanges)('over %s', (version, exchange) => {
  describe.each(UNARY_PROTOCOLS)('%s', (protocol) => {
    test('a call that succeeds', async () => {
      const log = new LogCapture()
      const { origin } = await startDemo({ logger: log.logger })
      const call = sayHello(protocol)
      const answer = await exchange(origin, call)
      const bytes = { receivedBytes: Buffer.from(call.body ?? '').length, sentBytes: answer.body.length }
      expect(await callLine(log)).toMatchObject(lineOf(protocol, version, { code: 'ok', level: INFO, ...bytes }))
    })

    test.each([
      ['with a code', 'not found', 'not_found', INFO],
      ['by accident', 'error', 'internal', ERROR],
    ])('a call whose handler fails %s', async (_name, name, code, level) => {
      const log = new LogCapture()
      const { origin } = await startRoutes({ routes: brokenRoutes, logger: log.logger })
      await exchange(origin, sayHello(protocol, name))
      expect(await callLine(log)).toMatchObject(lineOf(protocol, version, { code, level }))
    })

    test('a call rejected by a gate', async () => {
      const log = new LogCapture()
      const requestGate = () => {
        throw new ConnectError('not you', Code.PermissionDenied)
      }
      const { origin } = await startDemo({ logger: log.logger, requestGate })
      await exchange(origin, sayHello(protocol))
      expect(await callLine(log)).toMatchObject(lineOf(protocol, version, { code: 'permission_denied', level: WARN }))
    })

    test.each<readonly [string, (call: ReturnType<typeof sayHello>) => ExchangeInit]>([
      [
        'a bad timeout',
        (call) => ({ ...call, headers: { ...call.headers, 'grpc-timeout': 'x', 'connect-timeout-ms': 'x' } }),
      ],
      ['a malformed message', (call) => ({ ...call, body: notAMessage(protocol) })],
      ['an unknown compression', (call) => ({ ...call, headers: { ...call.headers, ...brotli(protocol) } })],
    ])('a call with %s has the code that its client saw', async (_name, spoil) => {
      const log = new LogCapture()
      const { origin } = await startDemo({ logger: log.logger })
      const end = endOf(protocol, await exchange(origin, spoil(sayHello(protocol))))
      const code = end.code.startsWith('grpc-status') ? codeToString(Number(end.code.split(' ')[1])) : end.code
      expect(code).not.toBe('ok')
      expect(await callLine(log)).toMatchObject(lineOf(protocol, version, { code }))
    })

    test('a method that is not served', async () => {
      const log = new LogCapture()
      const { origin } = await startDemo({ logger: log.logger })
      await exchange(origin, { ...sayHello(protocol), path: '/greeter.v1.GreeterService/Nope' })
      const method = 'greeter.v1.GreeterService/Nope'
      expect(await callLine(log)).toMatchObject(lineOf(protocol, version, { code: 'unimplemented', method }))
    })
  })
})

function notAMessage(protocol: CallProtocol): Buffer {
  const bytes = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])
  return protocol.startsWith('grpc') ? envelope(bytes) : bytes
}

function brotli(protocol: CallProtocol): Record<string, string> {
  return { [protocol.startsWith('grpc') ? 'grpc-encoding' : 'content-encoding']: 'br' }
}

test('a call canceled by its client over HTTP/2', async () => {
  const log = new LogCapture()
  const { origin } = await startDemo({ logger: log.logger })
  const session = connect(origin)
  onTestFinished(() => session.destroy())
  const path = '/greeter.v1.GreeterService/GetStream'
  const stream = session.request({ ':method': 'POST', ':path': path, ...callHeaders('grpc') })
  stream.on('error', () => {})
  stream.end(envelope(Buffer.from('0a0174100020001800', 'hex').subarray(0, 3)))
  await untilRunning(origin)
  stream.close(8)
  await expect
    .poll(() => log.withMessage('call').find((line) => line.method === path.slice(1)))
    .toMatchObject({ code: 'canceled', level: INFO })
})

test('a call whose client disconnects over HTTP/1.1', async () => {
  const log = new LogCapture()
  const { origin, port } = await startDemo({ logger: log.logger })
  const raw = await RawSocket.open({ port })
  const body = envelope(Buffer.from('{"topic":"t"}'))
  const path = '/greeter.v1.GreeterService/GetStream'
  raw.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  raw.write(body)
  await untilRunning(origin)
  raw.socket.destroy()
  await expect
    .poll(() => log.withMessage('call').find((line) => line.method === path.slice(1)))
    .toMatchObject({ code: 'canceled', protocol: 'connect' })
})

test('logs ordinary requests and preflights as requests, and does not log probes', async () => {
  const log = new LogCapture()
  const { origin } = await startDemo({ logger: log.logger, cors: { origins: ['https://a.example'] } })
  await exchangeHttp1(origin, { method: 'GET', path: '/nowhere' })
  await exchangeHttp1(origin, { method: 'OPTIONS', path: SAY_HELLO, headers: { origin: 'https://a.example' } })
  await exchangeHttp1(origin, { method: 'GET', path: '/livez' })
  await expect.poll(() => log.withMessage('request').length).toBe(3)
  expect(log.withMessage('request')).toMatchObject([
    { path: '/nowhere', status: 404, level: INFO, reqId: expect.stringMatching(/^req-/) },
    { method: 'OPTIONS', status: 204 },
    { path: '/livez', level: 20 },
  ])
  expect(log.withMessage('call')).toEqual([])
})

/** A later call on another connection. Its response shows that the server has read the earlier one. */
async function untilRunning(origin: string): Promise<void> {
  for (let call = 0; call < 5; call++) await exchangeHttp1(origin, { method: 'GET', path: '/livez' })
}
