import { expect, test } from 'vitest'
import { SubscriberQueue } from '../../../../../server/demo/topics/subscriber-queue.ts'
import type { TopicMessage } from '../../../../../server/demo/topics/topic-hub.ts'

test('dropped messages count as missed on the next message of their topic, and on no other', () => {
  const queue = new SubscriberQueue({ maxMessages: 3, maxBytes: 100 })
  for (const [topic, sequence] of [
    ['a', 1],
    ['a', 2],
    ['b', 1],
    ['b', 2],
    ['a', 3],
  ] as const) {
    queue.push(message(topic, sequence))
  }
  expect(takeAll(queue)).toEqual(['b 1 missed 0', 'b 2 missed 0', 'a 3 missed 2'])
})

test('a count is reported once', () => {
  const queue = new SubscriberQueue({ maxMessages: 1, maxBytes: 100 })
  queue.push(message('a', 1))
  queue.push(message('a', 2))
  expect(takeAll(queue)).toEqual(['a 2 missed 1'])
  queue.push(message('a', 3))
  expect(takeAll(queue)).toEqual(['a 3 missed 0'])
})

test('messages lost before it joined add to the dropped ones', () => {
  const queue = new SubscriberQueue({ maxMessages: 1, maxBytes: 100 })
  queue.addMissed('a', 5n)
  queue.push(message('a', 6))
  queue.push(message('a', 7))
  expect(takeAll(queue)).toEqual(['a 7 missed 6'])
})

test('messages that a broker lost count before the message that follows them, not before those that wait', () => {
  const queue = new SubscriberQueue({ maxMessages: 3, maxBytes: 100 })
  queue.push(message('a', 1))
  queue.addGap('a', 2n)
  queue.addGap('a', 3n)
  queue.push(message('b', 1))
  queue.push(message('a', 7))
  expect(takeAll(queue)).toEqual(['a 1 missed 0', 'b 1 missed 0', 'a 7 missed 5'])
})

test('they still count when the message that follows them is dropped', () => {
  const queue = new SubscriberQueue({ maxMessages: 1, maxBytes: 100 })
  queue.addGap('a', 4n)
  queue.push(message('a', 5))
  queue.push(message('a', 6))
  expect(takeAll(queue)).toEqual(['a 6 missed 5'])
})

test('each change of the epoch is a reset at its place, also when its first message is dropped', () => {
  const queue = new SubscriberQueue({ maxMessages: 4, maxBytes: 100 })
  const resets = () => {
    const told: string[] = []
    for (let next = queue.take(); next !== undefined; next = queue.take()) {
      told.push(`${next.message.sequence}${next.isReset ? ' reset' : ''} missed ${next.missed}`)
    }
    return told
  }
  queue.push(message('a', 9))
  queue.addNewEpoch('a')
  queue.push(message('a', 1))
  queue.addNewEpoch('a')
  queue.push(message('a', 2))
  expect(resets()).toEqual(['9 missed 0', '1 reset missed 0', '2 reset missed 0'])
  queue.addNewEpoch('a')
  for (const sequence of [1, 2, 3, 4, 5]) queue.push(message('a', sequence))
  expect(resets()).toEqual(['2 reset missed 0', '3 missed 0', '4 missed 0', '5 missed 0'])
})

test('returns the same object that was pushed', () => {
  const queue = new SubscriberQueue({ maxMessages: 1, maxBytes: 100 })
  const only = message('a', 1)
  queue.push(only)
  expect(queue.take()?.message).toBe(only)
})

test('nothing is left after clear', () => {
  const queue = new SubscriberQueue({ maxMessages: 1, maxBytes: 100 })
  queue.push(message('a', 1))
  queue.push(message('a', 2))
  queue.clear()
  expect(queue.take()).toBeUndefined()
  queue.push(message('a', 3))
  expect(takeAll(queue)).toEqual(['a 3 missed 0'])
})

test('a reset is reported once, with the first message of its topic, and counts nothing as missed', () => {
  const queue = new SubscriberQueue({ maxMessages: 2, maxBytes: 100 })
  queue.addReset('a')
  for (const [topic, sequence] of [
    ['a', 1],
    ['b', 1],
    ['a', 2],
  ] as const) {
    queue.push(message(topic, sequence))
  }
  expect([queue.take(), queue.take()]).toMatchObject([
    { message: { topic: 'b' }, isReset: false },
    { message: { topic: 'a', sequence: 2n }, isReset: true, missed: 0n },
  ])
  queue.push(message('a', 3))
  expect(queue.take()).toMatchObject({ isReset: false, missed: 0n })
})

function message(topic: string, sequence: number): TopicMessage {
  return { topic, epoch: 'now', sequence: BigInt(sequence), timeMs: 0, data: 'x', dataBytes: 1 }
}

function takeAll(queue: SubscriberQueue): string[] {
  const taken: string[] = []
  for (let next = queue.take(); next !== undefined; next = queue.take()) {
    taken.push(`${next.message.topic} ${next.message.sequence} missed ${next.missed}`)
  }
  return taken
}
