import { create } from '@bufbuild/protobuf'
import { EmptySchema } from '@bufbuild/protobuf/wkt'
import { expect, it } from 'vitest'
import { BoundedTimeline, MAX_ENTRIES } from '../../../../console/app/call/engine/bounded-timeline.ts'

it('keeps all entries up to its limit', () => {
  const timeline = new BoundedTimeline({ maxEntries: 3 })
  for (let at = 0; at < 3; at++) timeline.add({ kind: 'half-close' }, at)
  expect(timeline.snapshot().map(({ index, atMs }) => [index, atMs])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ])
  expect(timeline).toMatchObject({ count: 3, dropped: 0 })
})

it.each([4, 5, 6, 7, 100])('keeps the newest of %i entries, and counts the others', (count) => {
  const timeline = new BoundedTimeline({ maxEntries: 3 })
  for (let at = 0; at < count; at++) timeline.add({ kind: 'half-close' }, at)
  expect(timeline.snapshot().map(({ index }) => index)).toEqual([count - 3, count - 2, count - 1])
  expect(timeline).toMatchObject({ count, dropped: count - 3 })
})

it('shows 10,000 of 100,000 entries', () => {
  const timeline = new BoundedTimeline()
  for (let at = 0; at < 100_000; at++) timeline.add({ kind: 'half-close' }, at)
  expect(timeline.snapshot()).toHaveLength(MAX_ENTRIES)
  expect(timeline.dropped).toBe(90_000)
})

it('gives each snapshot for good', () => {
  const timeline = new BoundedTimeline({ maxEntries: 2 })
  timeline.add({ kind: 'half-close' }, 0)
  const before = timeline.snapshot()
  timeline.add({ kind: 'half-close' }, 1)
  expect(before).toHaveLength(1)
})

it('keeps messages up to a number of bytes, and the newest one whatever its size', () => {
  const timeline = new BoundedTimeline({ maxBytes: 100 })
  const add = (sizeBytes: number) =>
    timeline.add(
      { kind: 'message', direction: 'received', sequence: 1, sizeBytes, message: create(EmptySchema) },
      timeline.count,
    )
  const kept = () => timeline.snapshot().map(({ index }) => index)
  for (let turn = 0; turn < 5; turn++) add(40)
  expect(kept()).toEqual([3, 4])
  add(1_000)
  expect(kept()).toEqual([5])
  timeline.add({ kind: 'half-close' }, 9)
  expect(kept()).toEqual([6])
  add(1)
  expect(kept()).toEqual([6, 7])
  expect(timeline.dropped).toBe(6)
})
