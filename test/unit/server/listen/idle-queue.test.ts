import { expect, test } from 'vitest'
import { IdleQueue } from '../../../../server/listen/idle-queue.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

/** Connections by number, and since when each is idle. */
function open() {
  const idle = new Map<number, number | undefined>()
  let looks = 0
  const queue = new IdleQueue<number>({
    connections: () => idle.keys(),
    idleSinceOf(connection) {
      looks += 1
      return idle.get(connection)
    },
  })
  return { idle, queue, looks: () => looks }
}

test('finds the longest-idle connection, from 10 s on', () => {
  const { idle, queue } = open()
  idle.set(1, 2_000).set(2, 1_000).set(3, undefined)
  expect(queue.findLongest(10_999)).toBeUndefined()
  expect(queue.findLongest(11_000)).toEqual({ connection: 2, sinceMs: 1_000 })
  queue.take()
  idle.delete(2)
  expect(queue.findLongest(11_500)).toBeUndefined()
  expect(queue.findLongest(12_000)).toEqual({ connection: 1, sinceMs: 2_000 })
})

test('does not find one that was used, or closed', () => {
  const { idle, queue } = open()
  idle.set(1, 0).set(2, 1).set(3, 2).set(4, 3)
  expect(queue.findLongest(20_000)?.connection).toBe(1)
  idle.set(1, undefined).set(2, 15_000).delete(3)
  expect(queue.findLongest(20_000)?.connection).toBe(4)
})

test('finds the same connection as a full scan, in any sequence', () => {
  const { idle, queue } = open()
  const random = new SeededRandom(7)
  for (let connection = 0; connection < 20; connection++) idle.set(connection, 0)
  for (let nowMs = 0; nowMs < 400_000; nowMs += 500) {
    const connection = random.below(20)
    // Two never come to rest at once.
    idle.set(connection, random.below(3) === 0 ? undefined : nowMs)
    const all = [...idle.values()].filter((sinceMs) => sinceMs !== undefined && nowMs - sinceMs >= 10_000)
    const found = queue.findLongest(nowMs)
    expect(found?.sinceMs).toBe(all.length === 0 ? undefined : Math.min(...(all as number[])))
  }
})

test('a thousand are found with two looks at each, and a full port without idle ones scans at most every 10 s', () => {
  const { idle, queue, looks } = open()
  for (let connection = 0; connection < 1_000; connection++) idle.set(connection, connection)
  for (let n = 0; n < 1_000; n++) {
    expect(queue.findLongest(20_000)?.connection).toBe(n)
    queue.take()
  }
  expect(looks()).toBe(2_000)
  for (let n = 0; n < 1_000; n++) expect(queue.findLongest(29_999)).toBeUndefined()
  expect(looks()).toBe(2_000)
})
