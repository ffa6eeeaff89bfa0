/** One row for each thing that a server must not send to a client, with the client's reaction. */
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import { frame, headers, type RawFields, settingsFrame, uint32 } from '../../../support/raw-http2.ts'
import { ask, clientBench, closeBench, OK } from './harness.ts'

const END = F.END_HEADERS | F.END_STREAM

/** Sent to a client whose request 1 is open on both sides. */
type Row = readonly [name: string, expected: string, octets: readonly Buffer[]]

const plus = (...fields: RawFields): RawFields => [...OK, ...fields]
const interim = (flags: number = F.END_HEADERS) => headers(1, [[':status', '103']], flags)
const reset = (id: number) => frame(T.RST_STREAM, 0, id, uint32(8))
const goaway = (lastId: number) => frame(T.GOAWAY, 0, 0, Buffer.concat([uint32(lastId), uint32(0)]))

const CONNECTION: readonly Row[] = [
  ['DATA on stream 0', 'C PROTOCOL_ERROR', [frame(T.DATA, 0, 0, [1])]],
  ['HEADERS on stream 0', 'C PROTOCOL_ERROR', [headers(0, OK)]],
  ['SETTINGS on a stream', 'C PROTOCOL_ERROR', [frame(T.SETTINGS, 0, 1)]],
  ['pad length = payload of DATA', 'C PROTOCOL_ERROR', [headers(1, OK), frame(T.DATA, F.PADDED, 1, [1])]],
  ['a frame too long', 'C FRAME_SIZE_ERROR', [headers(1, OK), frame(T.DATA, 0, 1, Buffer.alloc(16_385))]],
  ['PING of 9', 'C FRAME_SIZE_ERROR', [frame(T.PING, 0, 0, Buffer.alloc(9))]],
  ['RST_STREAM of 3', 'C FRAME_SIZE_ERROR', [frame(T.RST_STREAM, 0, 1, Buffer.alloc(3))]],
  ['SETTINGS of 7', 'C FRAME_SIZE_ERROR', [frame(T.SETTINGS, 0, 0, Buffer.alloc(7))]],
  ['GOAWAY of 4', 'C FRAME_SIZE_ERROR', [frame(T.GOAWAY, 0, 0, Buffer.alloc(4))]],
  ['PING in a header block', 'C PROTOCOL_ERROR', [headers(1, OK, 0), frame(T.PING, 0, 0, Buffer.alloc(8))]],
  ['CONTINUATION without a block', 'C PROTOCOL_ERROR', [frame(T.CONTINUATION, 4, 1)]],
  ['ENABLE_PUSH 1', 'C PROTOCOL_ERROR', [settingsFrame([[2, 1]])]],
  ['MAX_FRAME_SIZE 0', 'C PROTOCOL_ERROR', [settingsFrame([[5, 0]])]],
  ['a second SETTINGS ACK', 'C PROTOCOL_ERROR', [frame(T.SETTINGS, F.ACK, 0)]],
  ['WINDOW_UPDATE of 0', 'C PROTOCOL_ERROR', [frame(T.WINDOW_UPDATE, 0, 1, uint32(0))]],
  ['GOAWAY whose last id rises', 'C PROTOCOL_ERROR', [goaway(1), goaway(3)]],
  ['INITIAL_WINDOW_SIZE 2^31', 'C FLOW_CONTROL_ERROR', [settingsFrame([[4, 2 ** 31]])]],
  ['connection window past 2^31-1', 'C FLOW_CONTROL_ERROR', [frame(T.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1))]],
  ['stream window past 2^31-1', 'C FLOW_CONTROL_ERROR', [frame(T.WINDOW_UPDATE, 0, 1, uint32(2 ** 31 - 1))]],
  ['PUSH_PROMISE', 'C PROTOCOL_ERROR', [frame(T.PUSH_PROMISE, 4, 1, uint32(2))]],
  ['HEADERS on an id not asked for', 'C PROTOCOL_ERROR', [headers(3, OK)]],
  ['HEADERS on an even id', 'C PROTOCOL_ERROR', [headers(2, OK)]],
  ['DATA on an idle stream', 'C PROTOCOL_ERROR', [frame(T.DATA, 0, 3, [1])]],
  ['RST_STREAM on an idle stream', 'C PROTOCOL_ERROR', [reset(3)]],
  ['WINDOW_UPDATE on an idle stream', 'C PROTOCOL_ERROR', [frame(T.WINDOW_UPDATE, 0, 3, uint32(1))]],
  ['DATA after END_STREAM', 'C STREAM_CLOSED', [headers(1, OK, END), frame(T.DATA, 0, 1, [1])]],
  ['HEADERS after END_STREAM', 'C STREAM_CLOSED', [headers(1, OK, END), headers(1, OK, END)]],
  ['DATA after RST_STREAM', 'C STREAM_CLOSED', [reset(1), frame(T.DATA, 0, 1, [1])]],
  ['PRIORITY on itself', 'C PROTOCOL_ERROR', [frame(T.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 1, 9]))]],
  ['HPACK index past the table', 'C COMPRESSION_ERROR', [frame(T.HEADERS, 4, 1, [0xfe])]],
  [
    'nine CONTINUATIONs',
    'C ENHANCE_YOUR_CALM',
    [headers(1, OK, 0), ...Array.from({ length: 9 }, () => frame(T.CONTINUATION, 0, 1))],
  ],
]

const MALFORMED: readonly Row[] = [
  [':status of two digits', 'S PROTOCOL_ERROR', [headers(1, [[':status', '99']])]],
  [':status no digits', 'S PROTOCOL_ERROR', [headers(1, [[':status', 'abc']])]],
  ['no :status', 'S PROTOCOL_ERROR', [headers(1, [['a', 'b']])]],
  ['request pseudo-header', 'S PROTOCOL_ERROR', [headers(1, plus([':path', '/']))]],
  ['connection field', 'S PROTOCOL_ERROR', [headers(1, plus(['connection', 'close']))]],
  ['upper-case name', 'S PROTOCOL_ERROR', [headers(1, plus(['A', 'b']))]],
  ['101', 'S PROTOCOL_ERROR', [headers(1, [[':status', '101']])]],
  ['1xx with END_STREAM', 'S PROTOCOL_ERROR', [interim(END)]],
  ['a ninth 1xx', 'S PROTOCOL_ERROR', Array.from({ length: 9 }, () => interim())],
  ['DATA before the head', 'S PROTOCOL_ERROR', [frame(T.DATA, 0, 1, [1])]],
  ['DATA before the final head', 'S PROTOCOL_ERROR', [interim(), frame(T.DATA, 1, 1, [1])]],
  ['content-length passed', 'S PROTOCOL_ERROR', [headers(1, plus(['content-length', '0'])), frame(T.DATA, 1, 1, [1])]],
  ['content-length short', 'S PROTOCOL_ERROR', [headers(1, plus(['content-length', '2'])), frame(T.DATA, 1, 1, [1])]],
  ['trailers without END_STREAM', 'S PROTOCOL_ERROR', [headers(1, OK), headers(1, [['a', 'b']])]],
]

const FINE: readonly Row[] = [
  ['eight 1xx', 'fine', Array.from({ length: 8 }, () => interim())],
  ['unknown type', 'fine', [frame(0x50, 1, 1, [1])]],
  ['PRIORITY', 'fine', [frame(T.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 3, 9]))]],
]

describe('client: connection errors', () => {
  test.each(CONNECTION)('%s: %s', async (_name, expected, octets) => {
    const bench = await clientBench()
    const { recorder } = ask(bench.session, false)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.raw(...octets)
    expect(await bench.peer.verdict()).toBe(expected)
    await bench.peer.ended()
    await closeBench(bench)
    expect(recorder.isDone || recorder.reset !== undefined).toBe(true)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('DATA beyond the stream window: C FLOW_CONTROL_ERROR', async () => {
    const bench = await clientBench()
    ask(bench.session, true, 'GET', false)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.headers(1, OK)
    for (let i = 0; i < 16; i++) bench.peer.send(T.DATA, 0, 1, Buffer.alloc(16_384))
    expect(await bench.peer.verdict()).toBe('fine')
    expect(bench.session.heldBytes).toBeGreaterThanOrEqual(262_144)
    bench.peer.send(T.DATA, 0, 1, [1])
    expect(await bench.peer.verdict()).toBe('C FLOW_CONTROL_ERROR')
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('a first frame that is not SETTINGS is C PROTOCOL_ERROR', async () => {
    const bench = await clientBench({}, false)
    bench.peer.send(T.PING, 0, 0, Buffer.alloc(8))
    expect(await bench.peer.verdict()).toBe('C PROTOCOL_ERROR')
    await closeBench(bench)
  })
})

describe('client: malformed responses', () => {
  test.each(MALFORMED)('%s: %s', async (_name, expected, octets) => {
    const bench = await clientBench()
    const { recorder } = ask(bench.session, false)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.raw(...octets)
    expect(await bench.peer.verdict()).toBe(expected)
    expect(recorder.reset).toMatchObject({ code: 1, source: 'local', isUnprocessed: false })
    await closeBench(bench)
  })

  test.each(FINE)('%s: %s', async (_name, expected, octets) => {
    const bench = await clientBench()
    ask(bench.session, true)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.raw(...octets)
    expect(await bench.peer.verdict()).toBe(expected)
    await closeBench(bench)
  })

  test.each([
    ['HEAD', '200', 'HEAD'],
    ['204', '204', 'GET'],
    ['304', '304', 'GET'],
  ])('content-length without a body is valid for %s', async (_name, status, method) => {
    const bench = await clientBench()
    const { recorder } = ask(bench.session, true, method)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.headers(
      1,
      [
        [':status', status],
        ['content-length', '7'],
      ],
      END,
    )
    expect(await bench.peer.verdict()).toBe('fine')
    expect(recorder.isDone).toBe(true)
    await closeBench(bench)
  })
})

describe('client: early answers, resets and leaving', () => {
  test('a complete response ends an open request with RST NO_ERROR and survives the RST that follows', async () => {
    const bench = await clientBench()
    const { recorder } = ask(bench.session, false)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    const rst = frame(T.RST_STREAM, 0, 1, uint32(0))
    bench.peer.raw(headers(1, OK), frame(T.DATA, 0, 1, [7]), headers(1, [['grpc-status', '0']], END), rst)
    expect(await bench.peer.verdict()).toBe('S NO_ERROR')
    expect(recorder.body).toEqual(Buffer.from([7]))
    expect(recorder.isDone).toBe(true)
    expect(recorder.reset).toBeUndefined()
    await closeBench(bench)
  })

  test('REFUSED_STREAM means unprocessed, CANCEL does not', async () => {
    const bench = await clientBench()
    const first = ask(bench.session, true)
    const second = ask(bench.session, true)
    await bench.peer.frame((f) => f.type === T.HEADERS, 2)
    bench.peer.raw(frame(T.RST_STREAM, 0, 1, uint32(7)), frame(T.RST_STREAM, 0, 3, uint32(8)))
    await bench.peer.settled()
    expect(first.recorder.reset).toMatchObject({ code: 7, source: 'peer', isUnprocessed: true })
    expect(second.recorder.reset).toMatchObject({ code: 8, source: 'peer', isUnprocessed: false })
    await closeBench(bench)
  })

  test('GOAWAY: ids above its last are unprocessed, the others finish, then the session ends cleanly', async () => {
    const bench = await clientBench()
    const first = ask(bench.session, true)
    const second = ask(bench.session, true)
    await bench.peer.frame((f) => f.type === T.HEADERS, 2)
    bench.peer.raw(goaway(1))
    await bench.peer.settled()
    expect(second.recorder.reset).toMatchObject({ isUnprocessed: true })
    expect(bench.session.canRequest).toBe(false)
    expect(bench.events).toEqual(['goaway 0'])
    bench.peer.headers(1, OK, END)
    expect(await bench.closed).toBeUndefined()
    expect(first.recorder.isDone).toBe(true)
    await bench.peer.ended()
    bench.peer.close()
  })

  test('a lost connection resets open streams and reports an error', async () => {
    const bench = await clientBench()
    const { recorder } = ask(bench.session, true)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.close()
    expect(await bench.closed).toBeInstanceOf(Error)
    expect(recorder.reset).toMatchObject({ source: 'connection' })
  })

  test('MAX_CONCURRENT_STREAMS holds requests back, and the owner is notified of capacity', async () => {
    const bench = await clientBench({ settings: [[3, 1]] })
    ask(bench.session, true)
    expect(bench.session.canRequest).toBe(false)
    expect(() => ask(bench.session, true)).toThrow('cannot take a request')
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.headers(1, OK, END)
    await bench.peer.settled()
    expect(bench.events).toEqual(['capacity'])
    expect(bench.session.canRequest).toBe(true)
    await closeBench(bench)
  })

  test('a request reset before it was sent leaves no trace', async () => {
    const bench = await clientBench()
    ask(bench.session, true).stream.reset(8)
    const { stream } = ask(bench.session, true)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    expect(stream.id).toBe(1)
    expect(await bench.peer.verdict()).toBe('fine')
    await closeBench(bench)
  })

  test('PING is acknowledged', async () => {
    const bench = await clientBench()
    expect(bench.session.ping()).toBe(true)
    const ping = await bench.peer.frame((f) => f.type === T.PING)
    bench.peer.send(T.PING, F.ACK, 0, ping.payload)
    await bench.peer.settled()
    expect(bench.events).toEqual(['ping ack'])
    await closeBench(bench)
  })
})
