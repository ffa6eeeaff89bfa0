import { expect, test } from 'vitest'
import { MESSAGE_OVERHEAD_BYTES, TOPIC_OVERHEAD_BYTES, Topic } from '../../../../../server/demo/topics/topic.ts'
import { TopicStore } from '../../../../../server/demo/topics/topic-store.ts'

const LISTENER = { push: () => {} }

test('kept bytes include data, names and overhead', () => {
  const store = storeOf({ maxTopics: 10 })
  put(store, 'name', 100)
  expect(store.keptBytes).toBe(TOPIC_OVERHEAD_BYTES + 4 + MESSAGE_OVERHEAD_BYTES + 100)
  put(store, 'name', 10)
  put(store, 'other', 0)
  expect(store.keptBytes).toBe(2 * TOPIC_OVERHEAD_BYTES + 9 + 3 * MESSAGE_OVERHEAD_BYTES + 110)
  store.clear()
  expect([store.keptBytes, store.size]).toEqual([0, 0])
})

test('messages dropped from a topic release their bytes', () => {
  const store = storeOf({ maxTopics: 10, maxMessages: 2 })
  for (const dataBytes of [100, 20, 3]) put(store, 't', dataBytes)
  expect(store.keptBytes).toBe(TOPIC_OVERHEAD_BYTES + 1 + 2 * MESSAGE_OVERHEAD_BYTES + 23)
})

test('evicts the least recently used topic above the limit; it restarts at 1', () => {
  const store = storeOf({ maxTopics: 2 })
  expect([put(store, 'a'), put(store, 'b'), put(store, 'a'), put(store, 'c')]).toEqual([1n, 1n, 2n, 1n])
  expect([put(store, 'a'), put(store, 'b')]).toEqual([3n, 1n])
  expect(store.size).toBe(2)
})

test('keeps a topic with a listener, however long unused', () => {
  const store = storeOf({ maxTopics: 2 })
  put(store, 'a')
  store.join('a', LISTENER)
  for (const name of ['b', 'c', 'd']) put(store, name)
  expect(put(store, 'a')).toBe(2n)
  store.leave('a', LISTENER)
  put(store, 'e')
  put(store, 'f')
  expect(put(store, 'a')).toBe(1n)
})

test('rejects a new topic when all others have listeners', () => {
  const store = storeOf({ maxTopics: 1 })
  put(store, 'a')
  store.join('a', LISTENER)
  expect(() => put(store, 'b')).toThrow(expect.objectContaining({ reason: 'limit_reached' }))
  expect(put(store, 'a')).toBe(2n)
  store.leave('a', LISTENER)
  expect(put(store, 'b')).toBe(1n)
})

test('evicts idle topics for bytes, least recently used first', () => {
  const one = TOPIC_OVERHEAD_BYTES + 1 + MESSAGE_OVERHEAD_BYTES + 1_000
  const store = storeOf({ maxTopics: 10, maxTotalBytes: 3 * one })
  for (const name of ['a', 'b', 'c']) put(store, name, 1_000)
  expect([store.size, store.keptBytes]).toEqual([3, 3 * one])
  put(store, 'a', 0)
  expect([store.size, put(store, 'c', 0), put(store, 'a', 0), put(store, 'b', 0)]).toEqual([2, 2n, 3n, 1n])
})

test('rejects a message that no eviction makes room for, without a trace', () => {
  const one = TOPIC_OVERHEAD_BYTES + 1 + MESSAGE_OVERHEAD_BYTES + 1_000
  const store = storeOf({ maxTopics: 10, maxTotalBytes: 2 * one - 1 })
  put(store, 'a', 1_000)
  store.join('a', LISTENER)
  const before = store.keptBytes
  expect(() => put(store, 'b', 1_000)).toThrow(expect.objectContaining({ reason: 'limit_reached' }))
  expect([store.keptBytes, store.size]).toEqual([before, 1])
})

test('a topic does not evict itself for its own message', () => {
  const one = TOPIC_OVERHEAD_BYTES + 1 + MESSAGE_OVERHEAD_BYTES + 1_000
  const store = storeOf({ maxTopics: 10, maxTotalBytes: one })
  put(store, 'a', 1_000)
  expect(() => put(store, 'a', 1_000)).toThrow(expect.objectContaining({ reason: 'limit_reached' }))
  expect([store.keptBytes, store.size]).toEqual([one, 1])
})

test('joining creates no topic; its first message does, and is safe from eviction', () => {
  const store = storeOf({ maxTopics: 1 })
  const other = { push: () => {} }
  store.join('a', LISTENER)
  store.join('a', other)
  store.join('b', other)
  expect([store.size, store.keptBytes]).toEqual([0, 0])
  expect(put(store, 'a')).toBe(1n)
  expect([...store.listenersOf('a')]).toEqual([LISTENER, other])
  expect(() => put(store, 'b')).toThrow(expect.objectContaining({ reason: 'limit_reached' }))
  for (const listener of [LISTENER, other]) store.leave('a', listener)
  expect(store.hasListeners('a')).toBe(false)
  expect(put(store, 'b')).toBe(1n)
  expect(store.find('a')).toBeUndefined()
})

test('leaving after clear changes nothing', () => {
  const store = storeOf({ maxTopics: 10 })
  put(store, 'a')
  store.join('a', LISTENER)
  store.clear()
  store.leave('a', LISTENER)
  expect([store.size, store.keptBytes]).toEqual([0, 0])
})

function storeOf({ maxTopics, maxTotalBytes = 1_000_000, maxMessages = 10 }: Record<string, number>): TopicStore {
  const limits = { maxTopics: maxTopics ?? 1, maxTotalBytes }
  const createTopic = (name: string) =>
    new Topic({ name, limits: { maxMessages, maxBytes: 100_000 }, epoch: 'now', quotes: undefined })
  return new TopicStore(limits, createTopic)
}

function put(store: TopicStore, topic: string, dataBytes = 1): bigint {
  return store.append(topic, { topic, timeMs: 0, data: 'x'.repeat(dataBytes), dataBytes }).sequence
}
