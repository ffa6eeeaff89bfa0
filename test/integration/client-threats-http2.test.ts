/** Servers that violate HTTP/2: calls to them fail, and nothing else happens. */
import { describe, expect, test } from 'vitest'
import { ErrorCode } from '../../wire/http2/errors.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { flood, startHostileHttp2 } from '../support/hostile-server.ts'
import {
  type Attack,
  answer,
  connect,
  EMPTY_MESSAGE,
  goaway,
  HEAD,
  MODES,
  outcomeUnder,
} from '../support/http2-attack.ts'
import { encodeHeaderBlock } from '../support/http2-frames.ts'
import { frame, headers, type RawFields, settingsFrame, uint32 } from '../support/raw-http2.ts'

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType
const { NONE, ACK, END_STREAM, END_HEADERS, PADDED } = FrameFlag
const END_ALL = END_HEADERS | END_STREAM
const OK: RawFields = [['grpc-status', '0']]
const MANY_FIELDS: RawFields = Array.from({ length: 129 }, (_, i) => [`x-${i}`, 'y'])
const FLOOD_FRAMES = 100_000

/** A field of 4,000 octets that enters the dynamic table, and 10,000 references to it. */
function hpackBomb(): Buffer {
  const field = Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 'a')])
  return Buffer.concat([encodeHeaderBlock(HEAD), field, Buffer.alloc(10_000, 0x80 | 62)])
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
      'reset with an unknown code',
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
      'a name that is not a token',
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
      'PROTOCOL_ERROR: content-length is not a number',
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
  ])('whose response has %s is INTERNAL', async (_what, attack, reason) => {
    expect(await outcomeUnder(attack, mode)).toBe(`Internal: the stream was reset with ${reason}`)
  })

  test.each<readonly [what: string, attack: Attack]>([
    ['the head', (peer, id) => answer(peer, id, [...HEAD, ...MANY_FIELDS])],
    ['the head that is all', (peer, id) => peer.headers(id, [...HEAD, ...OK, ...MANY_FIELDS], END_ALL)],
    ['an HPACK bomb in the head', (peer, id) => peer.send(HEADERS, END_HEADERS, id, hpackBomb())],
  ])('whose response exceeds the field limit, in %s, is RESOURCE_EXHAUSTED', async (_what, attack) => {
    expect(await outcomeUnder(attack, mode)).toBe('ResourceExhausted: the headers of the response are too large')
  })

  test('whose response exceeds the trailer limit is RESOURCE_EXHAUSTED, even if the status is among the trailers', async () => {
    const attack: Attack = (peer, id) => answer(peer, id, HEAD, [...OK, ...MANY_FIELDS])
    expect(await outcomeUnder(attack, mode)).toBe('ResourceExhausted: the trailers of the response are too large')
  })

  test.each<readonly [what: string, attack: Attack, reason: string]>([
    ['a stream that was never opened', (peer, id) => peer.headers(id + 100, HEAD), 'PROTOCOL_ERROR: stream is idle'],
    ['a stream of its own', (peer) => peer.headers(2, HEAD), 'PROTOCOL_ERROR: stream is idle'],
    ['DATA of such a stream', (peer, id) => peer.send(DATA, NONE, id + 100), 'PROTOCOL_ERROR: stream is idle'],
    [
      'PUSH_PROMISE',
      (peer, id) => peer.send(PUSH_PROMISE, END_HEADERS, id, Buffer.concat([uint32(2), encodeHeaderBlock(HEAD)])),
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
      'PROTOCOL_ERROR: GOAWAY raises the last stream id',
    ],
    ['half a GOAWAY', (peer) => peer.send(GOAWAY, NONE, 0, [0, 0]), 'FRAME_SIZE_ERROR: GOAWAY below 8 octets'],
    [
      'malformed HPACK',
      (peer, id) => peer.send(HEADERS, END_HEADERS, id, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      'COMPRESSION_ERROR: integer is longer than 5 octets',
    ],
    [
      'a frame of 16 MiB',
      (peer, id) => peer.raw([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, id]),
      'FRAME_SIZE_ERROR: frame above MAX_FRAME_SIZE',
    ],
    [
      'CONTINUATION without HEADERS',
      (peer, id) => peer.send(CONTINUATION, END_HEADERS, id, encodeHeaderBlock(HEAD)),
      'PROTOCOL_ERROR: CONTINUATION without HEADERS',
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
  ])('whose server sends %s is UNAVAILABLE, as its connection closes', async (_what, attack, reason) => {
    expect(await outcomeUnder(attack, mode)).toBe(`Unavailable: the connection ended with ${reason}`)
  })

  test.each<readonly [what: string, repeated: (id: number) => Buffer, reason: string]>([
    ['PING', () => frame(PING, NONE, 0, Buffer.alloc(8)), 'too_many_pings'],
    ['answers to no PING', () => frame(PING, ACK, 0, Buffer.alloc(8)), 'too many pointless frames'],
    ['SETTINGS', () => settingsFrame([]), 'too many SETTINGS'],
    ['PRIORITY', (id) => frame(PRIORITY, NONE, id, [0, 0, 0, 0, 1]), 'too many pointless frames'],
    ['WINDOW_UPDATE', (id) => frame(WINDOW_UPDATE, NONE, id, uint32(1)), 'too many WINDOW_UPDATEs'],
  ])('whose server floods it with %s is UNAVAILABLE', async (_what, repeated, reason) => {
    const attack: Attack = (peer, id) => void flood(peer.socket, repeated(id), FLOOD_FRAMES)
    expect(await outcomeUnder(attack, mode)).toBe(`Unavailable: the connection ended with ENHANCE_YOUR_CALM: ${reason}`)
  })

  test.each<readonly [what: string, flags: number, repeated: (id: number) => Buffer, reason: string]>([
    ['empty DATA', END_HEADERS, (id) => frame(DATA, NONE, id), 'too many pointless frames'],
    [
      'CONTINUATION',
      NONE,
      (id) => frame(CONTINUATION, NONE, id, encodeHeaderBlock([['x', 'y']])),
      'too many CONTINUATIONs',
    ],
  ])('whose response goes on with %s for ever is UNAVAILABLE', async (_what, flags, repeated, reason) => {
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

  test('whose server sends DATA after the end succeeds, and the next call uses another connection', async () => {
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
