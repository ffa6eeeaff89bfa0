import { expect, it } from 'vitest'
import { BoundedTimeline, MAX_ENTRIES } from '../../../../console/app/call/engine/bounded-timeline.ts'

it('keeps all entries up to its limit', () => {
  const timeline = new BoundedTimeline(3)
  for (let at = 0; at < 3; at++) timeline.add({ kind: 'half-close' }, at)
  expect(timeline.snapshot().map(({ index, atMs }) => [index, atMs])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ])
  expect(timeline).toMatchObject({ count: 3, dropped: 0 })
})

it.each([4, 5, 6, 7, 100])('keeps the newest of %i entries, and counts the others', (count) => {
  const timeline = new BoundedTimeline(3)
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
  const timeline = new BoundedTimeline(2)
  timeline.add({ kind: 'half-close' }, 0)
  const before = timeline.snapshot()
  timeline.add({ kind: 'half-close' }, 1)
  expect(before).toHaveLength(1)
})
