/** One row for each thing that a client must not send to a server, with the server's reaction. */
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import { encodeHeaderBlock } from '../../../support/http2-frames.ts'
import { frame, headers, type RawFields, settingsFrame, uint32 } from '../../../support/raw-http2.ts'
import { closeBench, GET, POST, serverBench } from './harness.ts'

const END = F.END_HEADERS | F.END_STREAM
const LIMIT = 100

/** Sent to a session that has received the preface. */
type Row = readonly [name: string, expected: string, octets: readonly Buffer[]]

const without = (name: string) => GET.filter(([field]) => field !== name)
const plus = (...fields: RawFields): RawFields => [...GET, ...fields]
const replaced = (name: string, value: string) => GET.map(([n, v]) => [n, n === name ? value : v] as const)
const open = (id = 1) => headers(id, POST)
const finish = (id = 1) => headers(id, GET, END)
const reset = (id = 1) => frame(T.RST_STREAM, 0, id, uint32(8))
const priority = (id: number, on: number) => frame(T.PRIORITY, 0, id, Buffer.concat([uint32(on), Buffer.from([16])]))

const CONNECTION: readonly Row[] = [
  ['DATA on stream 0', 'C PROTOCOL_ERROR', [frame(T.DATA, 0, 0, [1])]],
  ['HEADERS on stream 0', 'C PROTOCOL_ERROR', [headers(0, GET)]],
  ['PRIORITY on stream 0', 'C PROTOCOL_ERROR', [priority(0, 1)]],
  ['RST_STREAM on stream 0', 'C PROTOCOL_ERROR', [reset(0)]],
  ['CONTINUATION on stream 0', 'C PROTOCOL_ERROR', [frame(T.CONTINUATION, 4, 0, [])]],
  ['SETTINGS on a stream', 'C PROTOCOL_ERROR', [frame(T.SETTINGS, 0, 1)]],
  ['PING on a stream', 'C PROTOCOL_ERROR', [frame(T.PING, 0, 1, Buffer.alloc(8))]],
  ['GOAWAY on a stream', 'C PROTOCOL_ERROR', [frame(T.GOAWAY, 0, 1, Buffer.alloc(8))]],
  ['pad length = payload of DATA', 'C PROTOCOL_ERROR', [open(), frame(T.DATA, F.PADDED, 1, [1])]],
  ['pad length > payload of HEADERS', 'C PROTOCOL_ERROR', [frame(T.HEADERS, F.PADDED | 4, 1, [9, 0x82])]],
  ['padded DATA without pad length', 'C FRAME_SIZE_ERROR', [open(), frame(T.DATA, F.PADDED, 1)]],
  ['padded HEADERS without pad length', 'C FRAME_SIZE_ERROR', [frame(T.HEADERS, F.PADDED | 4, 1)]],
  ['DATA too long', 'C FRAME_SIZE_ERROR', [open(), frame(T.DATA, 0, 1, Buffer.alloc(16_385))]],
  ['unknown type too long', 'C FRAME_SIZE_ERROR', [frame(0x77, 0, 0, Buffer.alloc(16_385))]],
  ['PING of 7', 'C FRAME_SIZE_ERROR', [frame(T.PING, 0, 0, Buffer.alloc(7))]],
  ['PRIORITY of 4', 'C FRAME_SIZE_ERROR', [frame(T.PRIORITY, 0, 1, Buffer.alloc(4))]],
  ['RST_STREAM of 5', 'C FRAME_SIZE_ERROR', [open(), frame(T.RST_STREAM, 0, 1, Buffer.alloc(5))]],
  ['WINDOW_UPDATE of 3', 'C FRAME_SIZE_ERROR', [frame(T.WINDOW_UPDATE, 0, 0, [0, 0, 1])]],
  ['SETTINGS of 5', 'C FRAME_SIZE_ERROR', [frame(T.SETTINGS, 0, 0, Buffer.alloc(5))]],
  ['SETTINGS ACK of 6', 'C FRAME_SIZE_ERROR', [frame(T.SETTINGS, F.ACK, 0, Buffer.alloc(6))]],
  ['GOAWAY of 7', 'C FRAME_SIZE_ERROR', [frame(T.GOAWAY, 0, 0, Buffer.alloc(7))]],
  ['HEADERS below its priority', 'C FRAME_SIZE_ERROR', [frame(T.HEADERS, F.PRIORITY | 4, 1, [0, 0, 0])]],
  ['PING in a header block', 'C PROTOCOL_ERROR', [headers(1, GET, 0), frame(T.PING, 0, 0, Buffer.alloc(8))]],
  ['unknown type in a header block', 'C PROTOCOL_ERROR', [headers(1, GET, 0), frame(0x77, 0, 0)]],
  ['DATA in a header block', 'C PROTOCOL_ERROR', [headers(1, GET, 0), frame(T.DATA, 0, 1, [1])]],
  ['CONTINUATION of another stream', 'C PROTOCOL_ERROR', [headers(1, GET, 0), frame(T.CONTINUATION, 4, 3)]],
  ['CONTINUATION without a block', 'C PROTOCOL_ERROR', [open(), frame(T.CONTINUATION, 4, 1)]],
  ['ENABLE_PUSH 2', 'C PROTOCOL_ERROR', [settingsFrame([[2, 2]])]],
  ['MAX_FRAME_SIZE 16,383', 'C PROTOCOL_ERROR', [settingsFrame([[5, 16_383]])]],
  ['MAX_FRAME_SIZE 2^24', 'C PROTOCOL_ERROR', [settingsFrame([[5, 2 ** 24]])]],
  ['a second SETTINGS ACK', 'C PROTOCOL_ERROR', [frame(T.SETTINGS, F.ACK, 0)]],
  ['WINDOW_UPDATE of 0 on the connection', 'C PROTOCOL_ERROR', [frame(T.WINDOW_UPDATE, 0, 0, uint32(0))]],
  ['WINDOW_UPDATE of 0 on a stream', 'C PROTOCOL_ERROR', [open(), frame(T.WINDOW_UPDATE, 0, 1, uint32(0))]],
  [
    'GOAWAY whose last id rises',
    'C PROTOCOL_ERROR',
    [
      frame(T.GOAWAY, 0, 0, Buffer.concat([uint32(1), uint32(0)])),
      frame(T.GOAWAY, 0, 0, Buffer.concat([uint32(3), uint32(0)])),
    ],
  ],
  ['INITIAL_WINDOW_SIZE 2^31', 'C FLOW_CONTROL_ERROR', [settingsFrame([[4, 2 ** 31]])]],
  ['connection window past 2^31-1', 'C FLOW_CONTROL_ERROR', [frame(T.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1))]],
  [
    'stream window past 2^31-1 by WINDOW_UPDATE',
    'C FLOW_CONTROL_ERROR',
    [open(), frame(T.WINDOW_UPDATE, 0, 1, uint32(2 ** 31 - 1))],
  ],
  [
    'stream window past 2^31-1 by SETTINGS',
    'C FLOW_CONTROL_ERROR',
    [open(), frame(T.WINDOW_UPDATE, 0, 1, uint32(2 ** 31 - 1 - 65_535)), settingsFrame([[4, 65_536]])],
  ],
  [
    'DATA beyond the stream window',
    'C FLOW_CONTROL_ERROR',
    [open(), ...Array.from({ length: 9 }, () => frame(T.DATA, 0, 1, Buffer.alloc(16_384)))],
  ],
  ['PUSH_PROMISE', 'C PROTOCOL_ERROR', [open(), frame(T.PUSH_PROMISE, 4, 1, uint32(2))]],
  ['DATA on an idle stream', 'C PROTOCOL_ERROR', [frame(T.DATA, 0, 1, [1])]],
  ['RST_STREAM on an idle stream', 'C PROTOCOL_ERROR', [reset()]],
  ['WINDOW_UPDATE on an idle stream', 'C PROTOCOL_ERROR', [frame(T.WINDOW_UPDATE, 0, 1, uint32(1))]],
  ['HEADERS on an even id', 'C PROTOCOL_ERROR', [headers(2, GET)]],
  ['HEADERS on a lower id, never opened', 'C PROTOCOL_ERROR', [open(5), open(3)]],
  ['DATA after END_STREAM', 'C STREAM_CLOSED', [finish(), frame(T.DATA, 0, 1, [1])]],
  ['HEADERS after END_STREAM', 'C STREAM_CLOSED', [finish(), finish()]],
  ['DATA after RST_STREAM', 'C STREAM_CLOSED', [open(), reset(), frame(T.DATA, 0, 1, [1])]],
  ['HEADERS after RST_STREAM', 'C STREAM_CLOSED', [open(), reset(), finish()]],
  ['PRIORITY on itself', 'C PROTOCOL_ERROR', [priority(3, 3)]],
  [
    'HEADERS that depend on themselves',
    'C PROTOCOL_ERROR',
    [frame(T.HEADERS, F.PRIORITY | END, 1, Buffer.concat([uint32(1), Buffer.from([0]), encodeHeaderBlock(GET)]))],
  ],
  ['HPACK index 0', 'C COMPRESSION_ERROR', [frame(T.HEADERS, END, 1, [0x80])]],
  [
    'a header block above 64 KiB',
    'C ENHANCE_YOUR_CALM',
    [
      headers(1, plus(['x', 'y'.repeat(16_000)]), 0),
      ...Array.from({ length: 4 }, () => frame(T.CONTINUATION, 0, 1, Buffer.alloc(16_000, 0x82))),
    ],
  ],
]

const IGNORED: readonly Row[] = [
  ['WINDOW_UPDATE on a closed stream', 'fine', [open(), reset(), frame(T.WINDOW_UPDATE, 0, 1, uint32(1))]],
  ['RST_STREAM on a closed stream', 'fine', [open(), reset(), reset()]],
  ['unknown type, flag, setting', 'fine', [frame(0x77, 0xff, 9, [1]), settingsFrame([[0x99, 1]])]],
  ['PRIORITY on an idle stream', 'fine', [priority(1, 3)]],
  ['PING ACK not asked for', 'fine', [frame(T.PING, F.ACK, 0, Buffer.alloc(8))]],
  ['a repeated GOAWAY', 'fine', [frame(T.GOAWAY, 0, 0, Buffer.alloc(8)), frame(T.GOAWAY, 0, 0, Buffer.alloc(8))]],
  ['a request with priority and padding', 'fine', [frame(T.HEADERS, F.PADDED | F.PRIORITY | END, 1, padded())]],
]

const MALFORMED: readonly (readonly [string, RawFields])[] = [
  ['an empty name', plus(['', 'x'])],
  ['an upper-case name', plus(['X-A', 'x'])],
  ['a name that is not a token', plus(['a b', 'x'])],
  ['NUL in a value', plus(['a', 'x\0y'])],
  ['CR in a value', plus(['a', 'x\ry'])],
  ['LF in a value', plus(['a', 'x\ny'])],
  ['SP at the start of a value', plus(['a', ' x'])],
  ['HTAB at the end of a value', plus(['a', 'x\t'])],
  ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'].map(
    (name) => [name, plus([name, 'x'])] as const,
  ),
  ['te: gzip', plus(['te', 'gzip'])],
  ['a pseudo-header after a field', [['a', 'b'], ...GET]],
  ['a pseudo-header after host', [['host', 'test'], ...GET]],
  ['a pseudo-header twice', [[':method', 'GET'], ...GET]],
  ['an unknown pseudo-header', [[':x', 'y'], ...GET]],
  [':status in a request', [[':status', '200'], ...GET]],
  [':protocol', [[':protocol', 'websocket'], ...GET]],
  ['no :method', without(':method')],
  ['no :scheme', without(':scheme')],
  ['no :path', without(':path')],
  ['neither :authority nor host', without(':authority')],
  [':method is not a token', replaced(':method', 'G T')],
  ['an empty :path', replaced(':path', '')],
  [':path without a slash', replaced(':path', 'pkg.S/M')],
  [':path * with GET', replaced(':path', '*')],
  ['userinfo', replaced(':authority', 'me@test')],
  ['CONNECT with a path', replaced(':method', 'CONNECT')],
  ['content-length no digits', plus(['content-length', '+1'])],
  ['content-length unlike', plus(['content-length', '1'], ['content-length', '2'])],
]

describe('server: connection errors', () => {
  test.each(CONNECTION)('%s: %s', async (_name, expected, octets) => {
    const bench = await serverBench()
    bench.peer.raw(...octets)
    expect(await bench.peer.verdict()).toBe(expected)
    await bench.peer.ended()
    await closeBench(bench)
    expect(bench.session.openStreams).toBe(0)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('a bad preface is C PROTOCOL_ERROR', async () => {
    const bench = await serverBench({}, false)
    bench.peer.raw(Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'))
    expect(await bench.peer.verdict()).toBe('C PROTOCOL_ERROR')
    await closeBench(bench)
  })

  test('a first frame that is not SETTINGS is C PROTOCOL_ERROR', async () => {
    const bench = await serverBench({}, false)
    bench.peer.raw(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(T.PING, 0, 0, Buffer.alloc(8)))
    expect(await bench.peer.verdict()).toBe('C PROTOCOL_ERROR')
    await closeBench(bench)
  })
})

describe('server: ignored frames', () => {
  test.each(IGNORED)('%s: %s', async (_name, expected, octets) => {
    const bench = await serverBench()
    bench.peer.raw(...octets)
    expect(await bench.peer.verdict()).toBe(expected)
    await closeBench(bench)
  })
})

describe('server: malformed requests are S PROTOCOL_ERROR and start no handler', () => {
  test.each(MALFORMED)('%s', async (_name, fields) => {
    const bench = await serverBench()
    bench.peer.headers(1, fields, END)
    expect(await bench.peer.verdict()).toBe('S PROTOCOL_ERROR')
    expect(bench.requests).toHaveLength(0)
    bench.peer.raw(finish(3))
    await bench.peer.settled()
    expect(bench.requests).toHaveLength(1)
    await closeBench(bench)
  })

  const LENGTH_1: RawFields = [...POST, ['content-length', '1']]
  const LENGTH_3: RawFields = [...POST, ['content-length', '3']]
  const BODIES: readonly Row[] = [
    ['passed content-length', 'S PROTOCOL_ERROR', [headers(1, LENGTH_1), frame(T.DATA, 0, 1, [1, 2])]],
    ['short of content-length', 'S PROTOCOL_ERROR', [headers(1, LENGTH_3), frame(T.DATA, 1, 1, [1, 2])]],
    ['content-length and no body', 'S PROTOCOL_ERROR', [headers(1, LENGTH_3, END)]],
    ['short, with trailers', 'S PROTOCOL_ERROR', [headers(1, LENGTH_3), headers(1, [['a', 'b']], END)]],
    ['trailers without END_STREAM', 'S PROTOCOL_ERROR', [open(), headers(1, [['a', 'b']])]],
    ['pseudo-header in trailers', 'S PROTOCOL_ERROR', [open(), headers(1, [[':path', '/']], END)]],
    ['bad field in trailers', 'S PROTOCOL_ERROR', [open(), headers(1, [['A', 'b']], END)]],
  ]

  test.each(BODIES)('%s: %s', async (_name, expected, octets) => {
    const bench = await serverBench()
    bench.peer.raw(...octets)
    expect(await bench.peer.verdict()).toBe(expected)
    await closeBench(bench)
  })
})

describe('server: streams reset by us', () => {
  test('further frames are dropped, header blocks decoded, DATA credited to the connection', async () => {
    const bench = await serverBench({ onRequest: (stream) => stream.reset(8) })
    bench.peer.raw(open())
    expect(await bench.peer.verdict()).toBe('S CANCEL')
    for (let i = 0; i < 40; i++) bench.peer.send(T.DATA, 0, 1, Buffer.alloc(16_000))
    bench.peer.headers(1, [['a', 'b']], END)
    await bench.peer.settled()
    const credit = bench.peer.frames.filter((f) => f.type === T.WINDOW_UPDATE && f.streamId === 0)
    expect(credit.length).toBeGreaterThan(1)
    expect(bench.peer.frames.some((f) => f.type === T.GOAWAY)).toBe(false)
    expect(bench.peer.frames.filter((f) => f.type === T.RST_STREAM)).toHaveLength(1)
    bench.peer.send(T.DATA, 0, 1, [1])
    expect(await bench.peer.verdict()).toBe('C STREAM_CLOSED')
    await closeBench(bench)
  })

  test('a stream above the limit is refused, its header block decoded', async () => {
    const bench = await serverBench()
    for (let i = 0; i <= LIMIT; i++) bench.peer.raw(open(2 * i + 1))
    expect(await bench.peer.verdict()).toBe('S REFUSED_STREAM')
    expect(bench.peer.frames.filter((f) => f.type === T.RST_STREAM).map((f) => f.streamId)).toEqual([2 * LIMIT + 1])
    expect(bench.requests).toHaveLength(LIMIT)
    await closeBench(bench)
  })

  test('a reset in the same read as its request starts no handler', async () => {
    const bench = await serverBench()
    bench.peer.raw(frame(T.HEADERS, END, 1, encodeHeaderBlock(GET)), frame(T.RST_STREAM, 0, 1, uint32(8)))
    await bench.peer.settled()
    expect(bench.requests).toHaveLength(0)
    await closeBench(bench)
  })

  test('an error in the same read as a request starts no handler', async () => {
    const bench = await serverBench()
    bench.peer.raw(frame(T.HEADERS, END, 1, encodeHeaderBlock(GET)), frame(T.DATA, 0, 0, [1]))
    expect(await bench.peer.verdict()).toBe('C PROTOCOL_ERROR')
    expect(bench.requests).toHaveLength(0)
    await closeBench(bench)
  })
})

function padded(): Buffer {
  return Buffer.concat([Buffer.from([3]), uint32(0), Buffer.from([16]), encodeHeaderBlock(GET), Buffer.alloc(3)])
}
