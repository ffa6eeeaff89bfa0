/** Many responses in one read: their owners are notified in groups, between which a client sends what they request. */
import { expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import { type Http2Stream, headerField, type StreamSink } from '../../../../wire/http2/http2.ts'
import { frame, headers, uint32 } from '../../../support/raw-http2.ts'
import { clientBench, OK, POST } from './harness.ts'

const ANSWERS = 20
const FIELDS = POST.map(([name, value]) => headerField(name, value))

/** Responds to a client's requests in one read, together with `behind`. Owners are notified by `onHead`. */
async function answerAll(onHead: (bench: Bench) => void, behind: Uint8Array = Buffer.alloc(0)): Promise<Bench> {
  const bench = await clientBench()
  const sink: StreamSink = { onHead: () => onHead(bench), onReadable() {}, onWritable() {}, onReset() {} }
  const streams = Array.from({ length: ANSWERS }, () => bench.session.request(FIELDS, sink, { endsStream: true }))
  await bench.peer.frame((f) => f.type === T.HEADERS, ANSWERS)
  const answers = streams.map(({ id }: Http2Stream) => headers(id, OK, F.END_HEADERS | F.END_STREAM))
  bench.peer.raw(Buffer.concat([...answers, behind]))
  await bench.peer.settled()
  bench.peer.close()
  await bench.closed
  return bench
}

type Bench = Awaited<ReturnType<typeof clientBench>>

test('frames requested by the first owners are sent before the last ones are notified', async () => {
  const sentBytes: number[] = []
  await answerAll(({ session }) => {
    sentBytes.push(session.stats.bytesSent)
    const next: StreamSink = { onHead() {}, onReadable() {}, onWritable() {}, onReset() {} }
    void Promise.resolve().then(() => session.request(FIELDS, next, { endsStream: true }))
  })
  expect(sentBytes).toHaveLength(ANSWERS)
  expect(new Set(sentBytes.slice(0, 8)).size).toBe(1)
  expect(sentBytes.at(-1)).toBeGreaterThan(sentBytes[0] ?? 0)
})

test('all are notified before the session owner learns of a GOAWAY in the same read', async () => {
  const goaway = frame(T.GOAWAY, 0, 0, Buffer.concat([uint32(ANSWERS * 2 - 1), uint32(0)]))
  const { events } = await answerAll(({ events: told }) => told.push('head'), goaway)
  expect(events).toEqual([...Array.from({ length: ANSWERS }, () => 'head'), 'goaway 0'])
})

test('all are notified before the session owner learns of an end between two groups', async () => {
  let heads = 0
  let headsAtEnd = -1
  await answerAll(({ session, closed }) => {
    heads++
    if (heads > 1) return
    void closed.then(() => {
      headsAtEnd = heads
    })
    queueMicrotask(() => session.destroy(0))
  })
  expect(headsAtEnd).toBe(ANSWERS)
})
