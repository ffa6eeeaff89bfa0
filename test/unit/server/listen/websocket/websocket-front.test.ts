/** Which handshakes a port accepts, and when a client that rests is ended. */
import type { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { normalizeOnePortOptions } from '../../../../../server/listen/one-port-options.ts'
import { PortCalls } from '../../../../../server/listen/port-calls.ts'
import { type Handshake, handshakeFault } from '../../../../../server/listen/websocket/handshake.ts'
import { judgePage, type PageRules } from '../../../../../server/listen/websocket/page-origin.ts'
import { WebSocketFront } from '../../../../../server/listen/websocket/websocket-front.ts'
import { type WatchedWebSocket, WebSocketStalls } from '../../../../../server/listen/websocket/websocket-stalls.ts'
import type { ExchangeConnection } from '../../../../../server/rpc/exchange/exchange.ts'
import { TimerWheel } from '../../../../../wire/http2/http2.ts'
import { CallRecorder } from '../../../../support/call-recorder.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const CONNECTION: ExchangeConnection = {
  remoteAddress: '192.0.2.1',
  remotePort: 1,
  peer: '192.0.2.1:1',
  isEncrypted: false,
  httpVersion: '1.1',
}

const VALID = { 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }

function handshakeOf(fields: Record<string, string>, rest: Partial<Handshake> = {}): Handshake {
  return {
    method: 'GET',
    path: '/s/M',
    authority: 'shop.example',
    fields: Object.entries(fields).map(([name, value]) => ({ name, value })),
    connection: CONNECTION,
    get: (name) => fields[name],
    ...rest,
  }
}

test('a port that drains accepts no handshake, and reports it', async () => {
  const calls = new PortCalls()
  const recorder = new CallRecorder()
  calls.observers.add([recorder], () => {})
  const front = new WebSocketFront({ limits: normalizeOnePortOptions({}), calls, forward: () => {} })
  expect(front.accept(handshakeOf(VALID), undefined)).toMatchObject({ hasCredentials: true })
  front.drain()
  expect(front.accept(handshakeOf(VALID), undefined)).toMatchObject({ httpStatus: 503 })
  expect(await recorder.ended(1)).toMatchObject([{ httpStatus: 503, protocol: 'grpc-web' }])
})

test.each<[string, Handshake, number | undefined]>([
  ['GET on HTTP/1.1', handshakeOf(VALID), undefined],
  ['POST on HTTP/1.1', handshakeOf(VALID, { method: 'POST' }), 405],
  ['no version', handshakeOf({ ...VALID, 'sec-websocket-version': '' }), 426],
  ['no key', handshakeOf({ ...VALID, 'sec-websocket-key': '' }), 400],
  [
    'CONNECT on HTTP/2, which has no key',
    handshakeOf(
      { 'sec-websocket-version': '13' },
      { method: 'CONNECT', connection: { ...CONNECTION, httpVersion: '2' } },
    ),
    undefined,
  ],
])('%s', (_what, handshake, status) => {
  expect(handshakeFault(handshake)?.httpStatus).toBe(status)
})

describe('pages', () => {
  const NO_CORS: PageRules = { corsFields: [], trustProxy: null }
  const ALLOWED: PageRules = {
    corsFields: [{ name: 'access-control-allow-origin', value: 'https://app.example' }],
    trustProxy: null,
  }
  const WITH_CREDENTIALS: PageRules = {
    ...ALLOWED,
    corsFields: [...ALLOWED.corsFields, { name: 'access-control-allow-credentials', value: 'true' }],
  }
  const secure = { ...CONNECTION, isEncrypted: true }
  const tls = { version: 'TLSv1.3', certificate: {} as X509Certificate }

  test.each<[string, string, ExchangeConnection, PageRules, ReturnType<typeof judgePage> | 403]>([
    ['own origin', 'http://shop.example', CONNECTION, NO_CORS, 'with credentials'],
    ['own origin behind TLS of a proxy', 'https://shop.example', CONNECTION, NO_CORS, 'with credentials'],
    ['own origin in another case', 'https://SHOP.example', CONNECTION, NO_CORS, 'with credentials'],
    ['own origin with the default port', 'https://shop.example:443', CONNECTION, NO_CORS, 'with credentials'],
    ['http to https', 'http://shop.example', secure, NO_CORS, 403],
    ['https to https', 'https://shop.example', secure, NO_CORS, 'with credentials'],
    ['another port', 'http://shop.example:8080', CONNECTION, NO_CORS, 403],
    ['a subdomain', 'https://a.shop.example', CONNECTION, NO_CORS, 403],
    ['userinfo', 'https://shop.example@evil.example', CONNECTION, NO_CORS, 403],
    ['another scheme', 'chrome-extension://shop.example', CONNECTION, NO_CORS, 403],
    ['null', 'null', CONNECTION, NO_CORS, 403],
    ['nothing', '', CONNECTION, NO_CORS, 403],
    ['allowed', 'https://app.example', secure, ALLOWED, 'without credentials'],
    ['allowed with credentials', 'https://app.example', secure, WITH_CREDENTIALS, 'with credentials'],
    ['not the one that is allowed', 'https://b.example', secure, ALLOWED, 403],
    ['allowed, with a certificate of the client', 'https://app.example', { ...secure, tls }, ALLOWED, 403],
    [
      'with credentials and a certificate',
      'https://app.example',
      { ...secure, tls },
      WITH_CREDENTIALS,
      'with credentials',
    ],
    ['own, with a certificate', 'https://shop.example', { ...secure, tls }, NO_CORS, 'with credentials'],
  ])('%s', (_what, origin, connection, rules, verdict) => {
    const judged = judgePage(handshakeOf({ origin }, { connection }), rules)
    expect(typeof judged === 'string' ? judged : judged.httpStatus).toBe(verdict)
  })
})

test('a client that rests while it owes, or does not read, is ended; others are probed', () => {
  const clock = new ManualClock()
  const stalls = new WebSocketStalls(1_000, new TimerWheel(clock))
  const events: string[] = []
  const watched = (name: string, facts: { isOwed?: boolean; queuedBytes?: number }): WatchedWebSocket => ({
    isOwed: false,
    receivedBytes: 0,
    queuedBytes: 0,
    leftBytes: 0,
    ...facts,
    onStall: ({ message }) => void events.push(`${name}: ${message}`),
    probe: () => {},
  })
  const moving = { ...watched('moving', { isOwed: true, queuedBytes: 9_000 }) } as {
    -readonly [K in keyof WatchedWebSocket]: WatchedWebSocket[K]
  }
  // Its queue is as long as before whenever it is looked at, because messages of the same size follow each other.
  const reading = { ...watched('reading', { queuedBytes: 9_000 }) } as typeof moving
  for (const socket of [
    watched('owes', { isOwed: true }),
    watched('deaf', { queuedBytes: 5 }),
    watched('idle', {}),
    moving,
    reading,
  ])
    stalls.add(socket)
  for (let i = 0; i < 7; i++) {
    clock.advance(270)
    moving.receivedBytes += 1
    moving.queuedBytes -= 1
    moving.leftBytes += 1
    reading.leftBytes += 1
  }
  expect([...new Set(events)]).toEqual([
    'owes: the request body stopped arriving',
    'deaf: the client stopped reading the response',
  ])
})
