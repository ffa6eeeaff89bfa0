import { expect, test } from 'vitest'
import { MessageWindow } from '../../../../../server/demo/topics/message-window.ts'
import type { TopicMessage } from '../../../../../server/demo/topics/topic-hub.ts'

test('drops the oldest message above the count', () => {
  const dropped: bigint[] = []
  const window = new MessageWindow({ maxMessages: 2, maxBytes: 100 }, ({ sequence }) => dropped.push(sequence))
  for (const sequence of [1, 2, 3]) window.push(message(sequence, 1))
  expect(dropped).toEqual([1n])
  expect(sequences(window)).toEqual([2n, 3n])
})

test('drops as many of the oldest as the bytes of the newest need', () => {
  const dropped: bigint[] = []
  const window = new MessageWindow({ maxMessages: 10, maxBytes: 100 }, ({ sequence }) => dropped.push(sequence))
  window.push(message(1, 40))
  window.push(message(2, 40))
  window.push(message(3, 20))
  expect([window.size, window.bytes, dropped]).toEqual([3, 100, []])
  window.push(message(4, 41))
  expect([window.size, window.bytes, dropped]).toEqual([2, 61, [1n, 2n]])
})

test('removed or cleared messages do not count as dropped, and release their bytes', () => {
  const dropped: bigint[] = []
  const window = new MessageWindow({ maxMessages: 10, maxBytes: 100 }, ({ sequence }) => dropped.push(sequence))
  window.push(message(1, 60))
  window.push(message(2, 30))
  expect(window.shift()?.sequence).toBe(1n)
  expect(window.bytes).toBe(30)
  window.clear()
  expect([window.size, window.bytes, window.shift(), dropped]).toEqual([0, 0, undefined, []])
})

function message(sequence: number, dataBytes: number): TopicMessage {
  return { topic: 't', epoch: 'now', sequence: BigInt(sequence), timeMs: 0, data: 'x'.repeat(dataBytes), dataBytes }
}

function sequences(window: MessageWindow): (bigint | undefined)[] {
  return Array.from({ length: window.size }, (_, index) => window.at(index)?.sequence)
}
