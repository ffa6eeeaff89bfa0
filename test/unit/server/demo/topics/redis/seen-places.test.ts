import { expect, test } from 'vitest'
import { SeenPlaces } from '../../../../../../server/demo/topics/redis/seen-places.ts'

const message = (topic: string, sequence: bigint) => ({
  topic,
  epoch: 'E',
  sequence,
  timeMs: 7,
  data: '',
  dataBytes: 0,
})

test('beyond 10,000 topics, the ones that were used longest ago are forgotten', () => {
  const seen = new SeenPlaces()
  for (let index = 0; index < 10_000; index += 1) seen.note(message(`t${index}`, 1n))
  seen.note(message('t0', 2n))
  seen.note(message('new', 1n))
  const places = [...seen.asArguments()]
  const topics = new Set(places.map(([topic]) => topic))
  expect([places.length, topics.has('t0'), topics.has('t1'), topics.has('new')]).toEqual([10_000, true, false, true])
})

test('a message that comes again, or late, changes nothing', () => {
  const seen = new SeenPlaces()
  for (const sequence of [1n, 3n, 2n, 3n]) seen.note(message('t', sequence))
  expect([...seen.asArguments()]).toEqual([['t', 'E', '3', '0000000000007']])
})
