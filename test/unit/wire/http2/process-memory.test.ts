import { expect, test } from 'vitest'
import { type MemoryHolder, ProcessMemory } from '../../../../wire/http2/process-memory.ts'

/** Holds its octets in one stream. */
class Holder implements MemoryHolder {
  readonly #memory: ProcessMemory
  bytes: number

  constructor(memory: ProcessMemory, bytes: number) {
    this.#memory = memory
    this.bytes = bytes
    memory.heldBytes += bytes
    memory.join(this)
  }

  largestStalledBytes(): number {
    return this.bytes
  }

  resetLargestStalled(): void {
    this.#memory.heldBytes -= this.bytes
    this.bytes = 0
  }
}

function bench() {
  const memory = new ProcessMemory()
  const holders = [30, 50, 10].map((bytes) => new Holder(memory, bytes))
  return { memory, left: () => holders.map(({ bytes }) => bytes) }
}

test('a new message within the limit resets no stream', () => {
  const { memory, left } = bench()
  expect(memory.makeRoom(10, 100)).toBe(true)
  expect(left()).toEqual([30, 50, 10])
})

test('makes room for a newcomer from the largest holders, if they hold more than twice as much', () => {
  const { memory, left } = bench()
  expect(memory.makeRoom(20, 100)).toBe(true)
  expect(left()).toEqual([30, 0, 10])
  expect(memory.makeRoom(65, 100)).toBe(false)
  expect(left()).toEqual([30, 0, 10])
})

test.each([30, 60])('rejects a new message of %i bytes if no stream holds more than twice as much', (bytes) => {
  const { memory, left } = bench()
  expect(memory.makeRoom(bytes, 100)).toBe(false)
  expect(left()).toEqual([30, 50, 10])
})
