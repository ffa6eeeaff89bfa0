/** What servers that break HTTP/2 can do to clients: calls to them fail, and nothing else happens. */
import { Code, type ConnectError, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { ErrorCode } from '../../wire/http2/errors.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { collect } from '../support/collect.ts'
import { flood, type HostileHttp2, startHostileHttp2, startHostileServer } from '../support/hostile-server.ts'
import { startHttpServer } from '../support/http-server.ts'
import { block, frame, headers, type RawFields, type RawPeer, settingsFrame, uint32 } from '../support/raw-http2.ts'

type Mode = 'unary' | 'stream'

/** Does its worst to the stream of a request that has come. */
type Attack = (peer: RawPeer, streamId: number) => void

const MODES: readonly Mode[] = ['unary', 'stream']
const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType
const { NONE, ACK, END_STREAM, END_HEADERS, PADDED } = FrameFlag
const END_ALL = END_HEADERS | END_STREAM
const HEAD: RawFields = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
]
const OK: RawFields = [['grpc-status', '0']]
const EMPTY_MESSAGE = Buffer.alloc(5)
const MANY_FIELDS: RawFields = Array.from({ length: 100 }, (_, i) => [`x-${i}`, 'y'])
const FLOOD_FRAMES = 100_000

/** Calls that hang would end with this, which only some of them may. */
const LONG_MS = 20_000

function connect(options: TransportOptions) {
  const transport = createTransport({ timeoutMs: LONG_MS, ...options })
  onTestFinished(() => transport.close())
  const client = createClient(GreeterService, transport)
  return {
    transport,
    client,
    call: (mode: Mode, timeoutMs?: number): Promise<unknown> => {
      const callOptions = timeoutMs === undefined ? {} : { timeoutMs }
      return mode === 'unary' ? client.sayHello({}, callOptions) : collect(client.getStream({}, callOptions))
    },
  }
}

/** `OK`, or the code and the text of the error. */
function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'OK',
    ({ code, rawMessage }: ConnectError) => `${Code[code]}: ${rawMessage}`,
  )
}

/** The outcome of a call to a server that attacks it; a client of an honest server sees nothing of that. */
async function outcomeUnder(attack: Attack, mode: Mode, timeoutMs?: number): Promise<string> {
  const honest = await startHttpServer({ httpVersion: '2', greeter: { sayHello: () => ({ message: 'well' }) } })
  const { client: canary } = connect({ baseUrl: honest.origin })
  const server = await startHostileHttp2({ onRequest: attack })
  const { call } = connect({ baseUrl: server.baseUrl })
  const outcome = await outcomeOf(call(mode, timeoutMs))
  expect(await canary.sayHello({})).toMatchObject({ message: 'well' })
  return outcome
}

function goaway(lastStreamId: number, code: number, text = ''): Buffer {
  return frame(GOAWAY, NONE, 0, Buffer.concat([uint32(lastStreamId), uint32(code), Buffer.from(text)]))
}

/** An answer with one message, whose parts a test replaces. */
function answer(peer: RawPeer, streamId: number, head: RawFields = HEAD, trailers: RawFields = OK): void {
  peer.headers(streamId, head)
  peer.send(DATA, NONE, streamId, EMPTY_MESSAGE)
  peer.headers(streamId, trailers, END_ALL)
}

/** A field of 4,000 octets that goes into the table, and 10,000 references to it. */
function hpackBomb(): Buffer {
  const field = Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 'a')])
  return Buffer.concat([block(HEAD), field, Buffer.alloc(10_000, 0x80 | 62)])
}

describe.each(MODES)('a %s call', (mode) => {
  test.each<readonly [what: string, attack: Attack, outcome: string]>([
    [
      'reset before the answer',
      (peer, id) => peer.send(RST_STREAM, NONE, id, uint32(ErrorCode.INTERNAL_ERROR)),
      'Internal: the stream was reset with INTERNAL_ERROR: reset by the peer',
    ],
    [
      'refused, and refused again',
      (peer, id) => peer.send(RST_STREAM, NONE, id, uint32(ErrorCode.REFUSED_STREAM)),
      'Unavailable: the stream was reset with REFUSED_STREAM: reset by the peer',
    ],
    [
      'reset with a code that nobody knows',
      (peer, id) => peer.send(RST_STREAM, NONE, id, uint32(0xffffffff)),
      'Internal: the stream was reset with 0xffffffff: reset by the peer',
    ],
    [
      'reset within a message',
      (peer, id) => {
        peer.headers(id, HEAD)
        peer.send(DATA, NONE, id, [0, 0, 0])
        peer.send(RST_STREAM, NONE, id, uint32(ErrorCode.CANCEL))
      },
      'Canceled: the stream was reset with CANCEL: reset by the peer',
    ],
    [
      'reset behind the answer',
      (peer, id) => {
        answer(peer, id)
        peer.send(RST_STREAM, NONE, id, uint32(ErrorCode.CANCEL))
      },
      'OK',
    ],
    ['cut off in peace', (peer) => peer.socket.end(), 'Unavailable: the peer closed the connection'],
    [
      'cut off behind a complaint',
      (peer) => {
        peer.raw(goaway(0x7fffffff, ErrorCode.ENHANCE_YOUR_CALM, 'too_many_pings'))
        peer.socket.end()
      },
      'Unavailable: the connection ended with ENHANCE_YOUR_CALM: too_many_pings',
    ],
    ['cut off by force', (peer) => peer.socket.resetAndDestroy(), 'Unavailable: read ECONNRESET'],
    [
      'cut off within a message',
      (peer, id) => {
        peer.headers(id, HEAD)
        peer.send(DATA, NONE, id, [0, 0, 0])
        peer.socket.end()
      },
      'Unavailable: the peer closed the connection',
    ],
  ])('that is %s', async (_what, attack, outcome) => {
    expect(await outcomeUnder(attack, mode)).toBe(outcome)
  })

  test.each<readonly [what: string, attack: Attack, outcome: string]>([
    [
      'a body before its head',
      (peer, id) => peer.send(DATA, NONE, id, EMPTY_MESSAGE),
      'PROTOCOL_ERROR: DATA before the head',
    ],
    [
      'trailers that do not end it',
      (peer, id) => {
        peer.headers(id, HEAD)
        peer.headers(id, OK)
      },
      'PROTOCOL_ERROR: trailers without END_STREAM',
    ],
    [
      'trailers with a :status',
      (peer, id) => answer(peer, id, HEAD, [[':status', '200']]),
      'PROTOCOL_ERROR: pseudo-header in trailers',
    ],
    [
      'trailers and no head',
      (peer, id) => peer.headers(id, OK, END_ALL),
      'PROTOCOL_ERROR: :status is not three digits',
    ],
    [
      'the status abc',
      (peer, id) => answer(peer, id, [[':status', 'abc']]),
      'PROTOCOL_ERROR: :status is not three digits',
    ],
    [
      'the status 101',
      (peer, id) => answer(peer, id, [[':status', '101']]),
      'PROTOCOL_ERROR: 101 does not exist in HTTP/2',
    ],
    ['a name in upper case', (peer, id) => answer(peer, id, [...HEAD, ['X', 'y']]), 'PROTOCOL_ERROR: bad header field'],
    [
      'a name that is no token',
      (peer, id) => answer(peer, id, [...HEAD, ['x"(', 'y']]),
      'PROTOCOL_ERROR: bad header field',
    ],
    [
      'a name without letters',
      (peer, id) => answer(peer, id, [...HEAD, ['', 'y']]),
      'PROTOCOL_ERROR: bad header field',
    ],
    [
      'a line break in a value',
      (peer, id) => answer(peer, id, [...HEAD, ['x', 'a\rb']]),
      'PROTOCOL_ERROR: bad header field',
    ],
    [
      'a field of the connection',
      (peer, id) => answer(peer, id, [...HEAD, ['connection', 'close']]),
      'PROTOCOL_ERROR: bad header field',
    ],
    [
      'a content-length that is too small',
      (peer, id) => answer(peer, id, [...HEAD, ['content-length', '3']]),
      'PROTOCOL_ERROR: body above its content-length',
    ],
    [
      'a content-length that is too large',
      (peer, id) => answer(peer, id, [...HEAD, ['content-length', '300']]),
      'PROTOCOL_ERROR: body below its content-length',
    ],
    [
      'a content-length below 0',
      (peer, id) => answer(peer, id, [...HEAD, ['content-length', '-1']]),
      'PROTOCOL_ERROR: content-length is no number',
    ],
    [
      'a window above 2^31-1',
      (peer, id) => peer.send(WINDOW_UPDATE, NONE, id, uint32(0x7fffffff)),
      'FLOW_CONTROL_ERROR: window above 2^31-1',
    ],
    [
      'interim answers without end',
      (peer, id) => void flood(peer.socket, headers(id, [[':status', '103']]), FLOOD_FRAMES),
      'PROTOCOL_ERROR: too many 1xx',
    ],
  ])('whose answer has %s is INTERNAL', async (_what, attack, reason) => {
    expect(await outcomeUnder(attack, mode)).toBe(`Internal: the stream was reset with ${reason}`)
  })

  test.each<readonly [what: string, attack: Attack]>([
    ['the head', (peer, id) => answer(peer, id, [...HEAD, ...MANY_FIELDS])],
    ['the head that is all', (peer, id) => peer.headers(id, [...HEAD, ...OK, ...MANY_FIELDS], END_ALL)],
    ['an HPACK bomb in the head', (peer, id) => peer.send(HEADERS, END_HEADERS, id, hpackBomb())],
  ])('whose answer has more fields than are allowed, in %s, is RESOURCE_EXHAUSTED', async (_what, attack) => {
    expect(await outcomeUnder(attack, mode)).toBe('ResourceExhausted: the headers of the answer are too large')
  })

  test('whose answer has more trailers than are allowed is RESOURCE_EXHAUSTED, though the status may be among them', async () => {
    const attack: Attack = (peer, id) => answer(peer, id, HEAD, [...OK, ...MANY_FIELDS])
    expect(await outcomeUnder(attack, mode)).toBe('ResourceExhausted: the trailers of the answer are too large')
  })

  test.each<readonly [what: string, attack: Attack, reason: string]>([
    ['a stream that nobody opened', (peer, id) => peer.headers(id + 100, HEAD), 'PROTOCOL_ERROR: stream is idle'],
    ['a stream of its own', (peer) => peer.headers(2, HEAD), 'PROTOCOL_ERROR: stream is idle'],
    ['DATA of such a stream', (peer, id) => peer.send(DATA, NONE, id + 100), 'PROTOCOL_ERROR: stream is idle'],
    [
      'PUSH_PROMISE',
      (peer, id) => peer.send(PUSH_PROMISE, END_HEADERS, id, Buffer.concat([uint32(2), block(HEAD)])),
      'PROTOCOL_ERROR: PUSH_PROMISE',
    ],
    [
      'a window grown by 0',
      (peer, id) => peer.send(WINDOW_UPDATE, NONE, id, uint32(0)),
      'PROTOCOL_ERROR: WINDOW_UPDATE of 0',
    ],
    [
      'a window of the connection above 2^31-1',
      (peer) => peer.send(WINDOW_UPDATE, NONE, 0, uint32(0x7fffffff)),
      'FLOW_CONTROL_ERROR: window above 2^31-1',
    ],
    [
      'windows of 2^31',
      (peer) => peer.raw(settingsFrame([[4, 0x80000000]])),
      'FLOW_CONTROL_ERROR: bad INITIAL_WINDOW_SIZE',
    ],
    ['frames of 1', (peer) => peer.raw(settingsFrame([[5, 1]])), 'PROTOCOL_ERROR: bad MAX_FRAME_SIZE'],
    ['push of 2', (peer) => peer.raw(settingsFrame([[2, 2]])), 'PROTOCOL_ERROR: bad ENABLE_PUSH'],
    [
      'a GOAWAY that allows more than the one before',
      (peer, id) => peer.raw(goaway(id, 0), goaway(id + 2, 0)),
      'PROTOCOL_ERROR: GOAWAY took back',
    ],
    ['half a GOAWAY', (peer) => peer.send(GOAWAY, NONE, 0, [0, 0]), 'FRAME_SIZE_ERROR: GOAWAY below 8 octets'],
    [
      'HPACK that is none',
      (peer, id) => peer.send(HEADERS, END_HEADERS, id, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      'COMPRESSION_ERROR: integer is longer than 5 octets',
    ],
    [
      'a frame of 16 MiB',
      (peer, id) => peer.raw([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, id]),
      'FRAME_SIZE_ERROR: frame above MAX_FRAME_SIZE',
    ],
    [
      'CONTINUATION of nothing',
      (peer, id) => peer.send(CONTINUATION, END_HEADERS, id, block(HEAD)),
      'PROTOCOL_ERROR: CONTINUATION of nothing',
    ],
    [
      'a PING within a header block',
      (peer, id) => {
        peer.headers(id, HEAD, NONE)
        peer.send(PING, NONE, 0, Buffer.alloc(8))
      },
      'PROTOCOL_ERROR: frame within a header block',
    ],
    [
      'padding above its frame',
      (peer, id) => {
        peer.headers(id, HEAD)
        peer.send(DATA, PADDED, id, [200, 0])
      },
      'PROTOCOL_ERROR: padding above the payload',
    ],
    [
      'an acknowledgement of nothing',
      (peer) => peer.send(SETTINGS, ACK, 0),
      'PROTOCOL_ERROR: SETTINGS ACK for nothing',
    ],
  ])('whose server sends %s is UNAVAILABLE, as its connection ends', async (_what, attack, reason) => {
    expect(await outcomeUnder(attack, mode)).toBe(`Unavailable: the connection ended with ${reason}`)
  })

  test.each<readonly [what: string, repeated: (id: number) => Buffer, reason: string]>([
    ['PING', () => frame(PING, NONE, 0, Buffer.alloc(8)), 'too many PINGs'],
    ['answers to no PING', () => frame(PING, ACK, 0, Buffer.alloc(8)), 'too many senseless frames'],
    ['SETTINGS', () => settingsFrame([]), 'too many SETTINGS'],
    ['PRIORITY', (id) => frame(PRIORITY, NONE, id, [0, 0, 0, 0, 1]), 'too many senseless frames'],
    ['WINDOW_UPDATE', (id) => frame(WINDOW_UPDATE, NONE, id, uint32(1)), 'too many WINDOW_UPDATEs'],
  ])('whose server floods it with %s is UNAVAILABLE', async (_what, repeated, reason) => {
    const attack: Attack = (peer, id) => void flood(peer.socket, repeated(id), FLOOD_FRAMES)
    expect(await outcomeUnder(attack, mode)).toBe(`Unavailable: the connection ended with ENHANCE_YOUR_CALM: ${reason}`)
  })

  test.each<readonly [what: string, flags: number, repeated: (id: number) => Buffer, reason: string]>([
    ['empty DATA', END_HEADERS, (id) => frame(DATA, NONE, id), 'too many senseless frames'],
    ['CONTINUATION', NONE, (id) => frame(CONTINUATION, NONE, id, block([['x', 'y']])), 'too many CONTINUATIONs'],
  ])('whose answer goes on with %s for ever is UNAVAILABLE', async (_what, flags, repeated, reason) => {
    const attack: Attack = (peer, id) => {
      peer.headers(id, HEAD, flags)
      void flood(peer.socket, repeated(id), FLOOD_FRAMES)
    }
    expect(await outcomeUnder(attack, mode)).toBe(`Unavailable: the connection ended with ENHANCE_YOUR_CALM: ${reason}`)
  })

  test.each<readonly [what: string, repeated: (id: number) => Buffer]>([
    ['frames of no known type', () => frame(0x77, NONE, 0, Buffer.alloc(8))],
    ['the same GOAWAY', (id) => goaway(id, ErrorCode.NO_ERROR)],
  ])('whose server floods it with %s, which are harmless, ends at its deadline', async (_what, repeated) => {
    const attack: Attack = (peer, id) => void flood(peer.socket, repeated(id), FLOOD_FRAMES)
    expect(await outcomeUnder(attack, mode, 200)).toBe('DeadlineExceeded: the deadline of 200 ms passed')
  })

  test('whose server sends DATA behind the end has its answer, and the next call has another connection', async () => {
    const server = await startHostileHttp2({
      onRequest(peer, id) {
        answer(peer, id)
        peer.send(DATA, NONE, id, EMPTY_MESSAGE)
      },
    })
    const { call } = connect({ baseUrl: server.baseUrl })
    await call(mode)
    await call(mode)
    expect(server.connections).toBe(2)
  })
})

describe('a server that', () => {
  test.each<readonly [what: string, octets: string, reason: string]>([
    ['speaks something else', 'SSH-2.0-OpenSSH_9.9\r\n', 'frame above MAX_FRAME_SIZE'],
    [
      'answers the preface by HTTP/1.1',
      'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n',
      'the peer speaks HTTP/1.1',
    ],
    ['begins with HEADERS', headers(1, HEAD).toString('latin1'), 'first frame is not SETTINGS'],
    ['begins with an alert of TLS', '\x15\x03\x03\x00\x02\x02\x46', 'the connection was closed'],
  ])('%s is UNAVAILABLE, and says why', async (_what, octets, reason) => {
    const server = await startHostileServer((socket) => socket.end(octets, 'latin1'))
    const { call } = connect({ baseUrl: server.baseUrl })
    const outcome = await outcomeOf(call('unary'))
    expect(outcome).toMatch(/^Unavailable: no HTTP\/2 connection to 127\.0\.0\.1:\d+: /)
    expect(outcome).toContain(reason)
  })

  test('answers TLS with an alert is UNAVAILABLE, and says why', async () => {
    const server = await startHostileServer((socket) => {
      socket.once('data', () => socket.end(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])))
    })
    const { call } = connect({ baseUrl: server.baseUrl.replace('http:', 'https:') })
    expect(await outcomeOf(call('unary'))).toMatch(/^Unavailable: cannot connect to 127\.0\.0\.1:\d+: .*alert/)
  })

  test('is silent once it has accepted ends no call before its deadline, and each then', async () => {
    const server = await startHostileServer(() => {})
    const { call } = connect({ baseUrl: server.baseUrl })
    const outcomes = await Promise.all(MODES.map((mode) => outcomeOf(call(mode, 100))))
    for (const outcome of outcomes) {
      expect(outcome).toBe('DeadlineExceeded: the deadline of 100 ms passed before there was a connection')
    }
    expect(server.connections).toBe(1)
  })

  test('allows no streams makes calls wait until their deadlines, on one connection', async () => {
    const server = await startHostileHttp2({ settings: [[3, 0]] })
    const { call } = connect({ baseUrl: server.baseUrl })
    const outcomes = await Promise.all(MODES.map((mode) => outcomeOf(call(mode, 100))))
    for (const outcome of outcomes) expect(outcome).toMatch(/^DeadlineExceeded: the deadline of 100 ms passed/)
    expect(server.connections).toBe(1)
  })

  test('has settings without measure is called as any other', async () => {
    const settings: HostileHttp2['settings'] = [
      [1, 0xffffffff],
      [3, 0xffffffff],
      [4, 0x7fffffff],
      [5, 0xffffff],
      [0x7777, 0xffffffff],
    ]
    const server = await startHostileHttp2({ settings, onRequest: (peer, id) => answer(peer, id) })
    const { call } = connect({ baseUrl: server.baseUrl })
    for (const mode of MODES) expect(await outcomeOf(call(mode))).toBe('OK')
  })

  test('takes no header lists is RESOURCE_EXHAUSTED', async () => {
    const server = await startHostileHttp2({ settings: [[6, 0]] })
    const { call } = connect({ baseUrl: server.baseUrl })
    for (const mode of MODES) {
      expect(await outcomeOf(call(mode))).toMatch(/^ResourceExhausted: header list of \d+ octets, allowed are 0$/)
    }
  })

  test('sends everybody away as soon as they are there is not called again in a loop', async () => {
    const server = await startHostileHttp2({
      onConnection: (peer) => peer.raw(goaway(0, ErrorCode.ENHANCE_YOUR_CALM, 'too_many_pings')),
    })
    const { client } = connect({ baseUrl: server.baseUrl })
    const calls = Array.from({ length: 50 }, () => outcomeOf(client.sayHello({}, { timeoutMs: 300 })))
    for (const outcome of await Promise.all(calls)) expect(outcome).toMatch(/^(Unavailable|DeadlineExceeded): /)
    expect(server.connections).toBeLessThan(4)
  })

  test.each([ErrorCode.NO_ERROR, ErrorCode.ENHANCE_YOUR_CALM, ErrorCode.INTERNAL_ERROR])(
    'goes with GOAWAY %i before it has served anything costs no call',
    async (code) => {
      const server = await startHostileHttp2({
        onRequest(peer, id, { index }) {
          if (index > 0) answer(peer, id)
          else peer.raw(goaway(0, code))
        },
      })
      const { call } = connect({ baseUrl: server.baseUrl })
      expect(await outcomeOf(call('unary'))).toBe('OK')
      expect(server.connections).toBe(2)
    },
  )

  test('goes with GOAWAY while its first call is under way has that one end well, and the next elsewhere', async () => {
    const first = Promise.withResolvers<{ peer: RawPeer; id: number }>()
    const server = await startHostileHttp2({
      onRequest(peer, id, { index }) {
        if (index > 0) answer(peer, id)
        else first.resolve({ peer, id })
      },
    })
    const { transport, call } = connect({ baseUrl: server.baseUrl })
    const underWay = outcomeOf(call('stream'))
    const { peer, id } = await first.promise
    const left = transport.watchState('READY')
    peer.raw(goaway(id, ErrorCode.NO_ERROR))
    expect(await left).toBe('IDLE')
    expect(await outcomeOf(call('unary'))).toBe('OK')
    answer(peer, id)
    expect(await underWay).toBe('OK')
    expect(server.connections).toBe(2)
  })

  test('goes with GOAWAY behind every answer costs a connection a call', async () => {
    const server = await startHostileHttp2({
      onRequest(peer, id) {
        answer(peer, id)
        peer.raw(goaway(id, ErrorCode.NO_ERROR))
      },
    })
    const { call } = connect({ baseUrl: server.baseUrl })
    for (let i = 0; i < 20; i++) expect(await outcomeOf(call('unary'))).toBe('OK')
    expect(server.connections).toBe(20)
  })

  test('has attacked one call serves the next over another connection', async () => {
    const server = await startHostileHttp2({
      onRequest(peer, id, { index }) {
        if (index === 1) peer.send(PUSH_PROMISE, END_HEADERS, id, uint32(2))
        else answer(peer, id)
      },
    })
    const { call } = connect({ baseUrl: server.baseUrl })
    expect(await outcomeOf(call('unary'))).toBe('OK')
    expect(await outcomeOf(call('unary'))).toMatch(/^Unavailable: /)
    expect(await outcomeOf(call('unary'))).toBe('OK')
    expect(server.connections).toBe(2)
  })
})
