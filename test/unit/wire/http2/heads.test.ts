/** How heads are parsed: hosts, verdicts, fields, interim responses, sizes. */
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import { HpackDecoder } from '../../../../wire/http2/hpack/hpack-decoder.ts'
import { HeaderListTooLargeError, HeaderTemplate, headerField } from '../../../../wire/http2/http2.ts'
import { frame, headers, type RawFields } from '../../../support/raw-http2.ts'
import { ask, clientBench, closeBench, GET, POST, serverBench } from './harness.ts'

const END = F.END_HEADERS | F.END_STREAM
const OK = [{ name: ':status', value: '200' }]
const OWN: RawFields = GET.filter(([name]) => name !== ':authority')

describe('requests', () => {
  const rows: readonly (readonly [name: string, fields: RawFields, authority: string, verdict: string])[] = [
    ['host alone becomes the authority', [...OWN, ['host', 'a.test']], 'a.test', 'fine'],
    ['host equal to the authority is dropped', [...GET, ['host', 'test']], 'test', 'fine'],
    ['host equal but for case', [...GET, ['host', 'TEST']], 'test', 'fine'],
    ['host equal but for the default port', [...GET, ['host', 'test:80']], 'test', 'fine'],
    ['host unlike', [...GET, ['host', 'evil']], 'test', 'host-mismatch'],
    ['host equal but for another port', [...GET, ['host', 'test:8080']], 'test', 'host-mismatch'],
    ['two hosts', [...GET, ['host', 'test'], ['host', 'test']], 'test', 'host-mismatch'],
    [
      'CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'test:443'],
      ],
      'test:443',
      'connect',
    ],
    [
      'OPTIONS *',
      [[':method', 'OPTIONS'], [':path', '*'], ...GET.filter(([n]) => n !== ':method' && n !== ':path')],
      'test',
      'fine',
    ],
    ['equal content-lengths', [...GET, ['content-length', '0'], ['content-length', '0']], 'test', 'fine'],
    ['a list above 16 KiB', [...GET, ['a', 'x'.repeat(16_000)], ['b', 'x'.repeat(300)]], 'test', 'too-large'],
  ]

  test.each(rows)('%s', async (_name, fields, authority, verdict) => {
    const bench = await serverBench()
    bench.peer.headers(1, fields, END)
    await bench.peer.settled()
    const head = bench.requests[0]?.head
    expect(head).toMatchObject({ authority, verdict })
    expect(head?.get('host')).toBeUndefined()
    await closeBench(bench)
  })

  test('a repeated block returns the same head object', async () => {
    const bench = await serverBench()
    for (const id of [1, 3, 5]) bench.peer.headers(id, [...GET, ['a', 'b']], END)
    await bench.peer.settled()
    const [, second, third] = bench.requests
    expect(second?.head.get('a')).toBe('b')
    expect(third?.head).toBe(second?.head)
    await closeBench(bench)
  })

  test('frames on a forgotten stream are dropped, as a glitch', async () => {
    const bench = await serverBench({
      glitchBurst: 2,
      glitchRate: 0,
      onRequest(stream) {
        stream.reset(8)
        stream.release()
      },
    })
    for (let id = 1; id <= 2_051; id += 2) {
      bench.peer.headers(id, POST)
      if (id % 99 === 0) await bench.peer.settled()
    }
    await bench.peer.settled()
    bench.peer.send(T.DATA, 0, 1, [1])
    bench.peer.send(T.RST_STREAM, 0, 3, [0, 0, 0, 8])
    expect(await bench.peer.verdict()).toBe('S CANCEL')
    bench.peer.send(T.WINDOW_UPDATE, 0, 1, [0, 0, 0, 8])
    expect(await bench.peer.verdict()).toBe('C ENHANCE_YOUR_CALM')
    await closeBench(bench)
  })

  test('ids above 2^30: the session closes gracefully', async () => {
    const bench = await serverBench()
    bench.peer.headers(2 ** 30 + 1, GET, END)
    const goaway = await bench.peer.frame((f) => f.type === T.GOAWAY)
    expect(goaway.payload.readUInt32BE(0)).toBe(2 ** 31 - 1)
    expect(bench.requests).toHaveLength(1)
    await closeBench(bench)
  })
})

describe('responses', () => {
  test('interim responses precede the response headers', async () => {
    const bench = await serverBench({
      onRequest(stream) {
        stream.inform([headerField(':status', '103'), headerField('link', '</a>')])
        stream.respond(OK, true)
      },
    })
    bench.peer.headers(1, GET, END)
    await bench.peer.frame((f) => f.type === T.HEADERS && (f.flags & F.END_STREAM) !== 0)
    const decoder = new HpackDecoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536, maxFields: 100 })
    const statuses = bench.peer.frames
      .filter((f) => f.type === T.HEADERS)
      .map(({ payload }) => decoder.decode(payload, 0, payload.length).fields[0]?.value)
    expect(statuses).toEqual(['103', '200'])
    await closeBench(bench)
  })

  test("a list above the peer's limit is a local error, and nothing of it is sent", async () => {
    const bench = await serverBench(
      {
        onRequest(stream, head) {
          const big = [...OK, headerField('a', 'x'.repeat(head.method === 'GET' ? 100 : 40_000))]
          expect(() => stream.respond(big)).toThrow(HeaderListTooLargeError)
          expect(() => stream.reply(new HeaderTemplate(big), Buffer.alloc(1), null)).toThrow(HeaderListTooLargeError)
          stream.respond(OK, true)
        },
      },
      false,
    )
    bench.peer.hello({ isClient: true, settings: [[6, 100]] })
    bench.peer.headers(1, GET, END)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.headers(3, POST, END)
    await bench.peer.frame((f) => f.type === T.HEADERS, 2)
    expect(bench.faults).toEqual([])
    await closeBench(bench)
  })

  test('headers above the frame size are sent in CONTINUATIONs', async () => {
    const value = 'v'.repeat(30_000)
    const bench = await serverBench({ onRequest: (stream) => stream.respond([...OK, headerField('a', value)], true) })
    bench.peer.headers(1, GET, END)
    await bench.peer.frame((f) => (f.flags & F.END_HEADERS) !== 0 && f.streamId === 1)
    const blocks = bench.peer.frames.filter((f) => f.streamId === 1)
    expect(blocks.map((f) => [f.type, f.flags])).toEqual([
      [T.HEADERS, F.END_STREAM],
      [T.CONTINUATION, F.END_HEADERS],
    ])
    const whole = Buffer.concat(blocks.map((f) => f.payload))
    const decoder = new HpackDecoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536, maxFields: 100 })
    expect(decoder.decode(whole, 0, whole.length).fields[1]?.value).toBe(value)
    await closeBench(bench)
  })

  test('a client drops interim responses and delivers trailers', async () => {
    const bench = await clientBench()
    const { recorder, stream } = ask(bench.session, true)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.raw(
      headers(1, [[':status', '103']]),
      headers(1, [
        [':status', '200'],
        ['content-type', 'application/grpc'],
      ]),
      frame(T.DATA, 0, 1, [1, 2]),
      headers(1, [['grpc-status', '0']], END),
    )
    await recorder.until(() => recorder.isDone)
    expect(recorder.head).toMatchObject({ status: 200, isTooLarge: false })
    expect(recorder.head?.get('content-type')).toBe('application/grpc')
    expect(stream.trailers?.map(({ name, value }) => `${name}=${value}`)).toEqual(['grpc-status=0'])
    expect(recorder.body).toEqual(Buffer.from([1, 2]))
    await closeBench(bench)
  })
})
