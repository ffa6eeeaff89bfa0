/** Closing a connection with many streams takes only a bounded share of each turn from other calls. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { MAX_PARTS_PER_TURN } from '../../../../wire/http2/turn-slices.ts'
import { ask, type Bench, clientBench, closeBench, POST, type Recorder, serverBench } from './harness.ts'

const STREAMS = 3 * MAX_PARTS_PER_TURN

/** Counts how many owners of streams were notified in each turn, until the owner of the session was. */
async function countByTurn(bench: Bench, recorders: readonly Recorder[], end: () => void): Promise<number[]> {
  const told = () => recorders.filter(({ reset }) => reset !== undefined).length
  const counts: number[] = []
  let isClosed = false
  let toldAtClose = 0
  void bench.closed.then(() => {
    isClosed = true
    toldAtClose = told()
  })
  await setImmediate()
  await setImmediate()
  end()
  let before = 0
  do {
    if (told() > before) counts.push(told() - before)
    before = told()
    await setImmediate()
  } while (!isClosed)
  counts.push(told() - before)
  expect(toldAtClose).toBe(recorders.length)
  return counts
}

async function openServerStreams(): Promise<Bench> {
  const bench = await serverBench({ maxConcurrentStreams: STREAMS, sessionBufferBytes: STREAMS * 131_072 })
  for (let index = 0; index < STREAMS; index++) bench.peer.headers(2 * index + 1, POST)
  await expect.poll(() => bench.requests.length).toBe(STREAMS)
  return bench
}

test.each<[string, (bench: Bench) => void]>([
  ['that its peer cuts', ({ peer }) => peer.socket.destroy()],
  ['that its peer ends', ({ peer }) => peer.socket.end()],
  ['that its owner destroys', ({ session }) => session.destroy(0)],
])('the streams of a connection %s are notified over several turns, and all before its owner', async (_how, end) => {
  const bench = await openServerStreams()
  const recorders = bench.requests.map(({ recorder }) => recorder)
  const counts = await countByTurn(bench, recorders, () => end(bench))
  expect(counts.reduce((sum, count) => sum + count)).toBe(STREAMS)
  expect(Math.max(...counts)).toBeLessThanOrEqual(MAX_PARTS_PER_TURN)
  bench.peer.close()
})

test('a client is notified of the end of many streams over several turns, too', async () => {
  const bench = await clientBench({ settings: [[3, STREAMS]] })
  const recorders = Array.from({ length: STREAMS }, () => {
    return ask(bench.session, false).recorder
  })
  await bench.peer.settled()
  const counts = await countByTurn(bench, recorders, () => bench.peer.socket.destroy())
  expect(Math.max(...counts)).toBeLessThanOrEqual(MAX_PARTS_PER_TURN)
})

test('another connection is served while the streams of one end', async () => {
  const many = await openServerStreams()
  let waiting = 0
  const other = await serverBench({
    onRequest() {
      waiting = many.requests.filter(({ recorder }) => recorder.reset === undefined).length
    },
  })
  await other.peer.settled()
  many.session.destroy(0)
  other.peer.headers(1, POST)
  await expect.poll(() => other.requests.length).toBe(1)
  expect(waiting).toBeGreaterThan(0)
  await many.closed
  many.peer.close()
  await closeBench(other)
})

test('answering a stream before its end was reported does no harm', async () => {
  const bench = await openServerStreams()
  bench.session.destroy(0)
  const untold = bench.requests.filter(({ recorder }) => recorder.reset === undefined)
  expect(untold.length).toBeGreaterThan(0)
  for (const { stream } of untold) {
    stream.reply([{ name: ':status', value: '200' }], Buffer.from('late'), null)
    stream.release()
  }
  await bench.closed
  expect(bench.faults).toEqual([])
  expect(bench.memory.heldBytes).toBe(0)
  bench.peer.close()
})
