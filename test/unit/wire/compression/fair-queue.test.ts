import { expect, test } from 'vitest'
import { FairQueue } from '../../../../wire/compression/fair-queue.ts'

const A = { line: 'a' }
const B = { line: 'b' }
const C = { line: 'c' }

function drain(queue: FairQueue<string>): string[] {
  const items: string[] = []
  while (!queue.isEmpty) items.push(queue.shift() as string)
  return items
}

test('a long line takes turns with short ones, and keeps its own order', () => {
  const queue = new FairQueue<string>()
  for (const item of ['a1', 'a2', 'a3', 'a4']) queue.add(A, item)
  queue.add(B, 'b1')
  queue.add(C, 'c1')
  queue.add(C, 'c2')
  expect(queue.peek()).toBe('a1')
  expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'a4'])
})

test('skips removed items, even at the end of their line', () => {
  const queue = new FairQueue<string>()
  queue.add(A, 'a1')
  queue.add(A, 'a2')
  queue.add(B, 'b1')
  expect(queue.delete(A, 'a1')).toBe(true)
  expect(queue.delete(B, 'b1')).toBe(true)
  expect(queue.delete(B, 'b1')).toBe(false)
  expect(queue.delete(C, 'c1')).toBe(false)
  expect(drain(queue)).toEqual(['a2'])
  expect(queue.peek()).toBeUndefined()
  expect(queue.shift()).toBeUndefined()
})
