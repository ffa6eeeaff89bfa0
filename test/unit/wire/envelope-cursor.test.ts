import { expect, test } from 'vitest'
import { envelop } from '../../../wire/envelope.ts'
import { EnvelopeCursor } from '../../../wire/envelope-cursor.ts'

/** Two messages of 3 and 0 bytes. */
const TWO = Buffer.from([0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0])

test('reports after each byte whether a message has begun and not ended', () => {
  const cursor = new EnvelopeCursor()
  const inside = [...TWO].map((byte) => {
    cursor.advance(Buffer.from([byte]))
    return cursor.isInsideMessage
  })
  expect(inside.flatMap((isInside, at) => (isInside ? [] : [at]))).toEqual([7, 12])
})

test('bytes may be split anywhere', () => {
  for (let split = 0; split <= TWO.length; split++) {
    const cursor = new EnvelopeCursor()
    cursor.advance(TWO.subarray(0, split))
    expect(cursor.isInsideMessage).toBe(![0, 8, 13].includes(split))
    cursor.advance(TWO.subarray(split))
    expect(cursor.isInsideMessage).toBe(false)
  }
})

test('a length of 4 GiB is unsigned', () => {
  const cursor = new EnvelopeCursor()
  cursor.advance(Buffer.from([0, 255, 255, 255, 255, 1]))
  expect(cursor.isInsideMessage).toBe(true)
})

test('reports each envelope once it is complete, split anywhere', () => {
  const envelopes = Buffer.from([1, 0, 0, 0, 3, 1, 2, 3, 0x80, 0, 0, 0, 0])
  for (let split = 0; split <= envelopes.length; split++) {
    const told: number[][] = []
    const cursor = new EnvelopeCursor((...envelope) => told.push(envelope))
    cursor.advance(envelopes.subarray(0, split))
    expect(told).toHaveLength(split < 8 ? 0 : split < 13 ? 1 : 2)
    cursor.advance(envelopes.subarray(split))
    expect(told).toEqual([
      [1, 3],
      [0x80, 0],
    ])
  }
})

test('stops before an envelope with the given flags, however the body is split', () => {
  const messages = Buffer.concat([envelop(0, Buffer.from('\x80\x80')), envelop(1, Buffer.alloc(0))])
  const body = Buffer.concat([messages, envelop(0x80, Buffer.from('end'))])
  for (const size of [1, 2, 3, body.byteLength]) {
    const cursor = new EnvelopeCursor()
    let passed = 0
    for (let at = 0; at < body.byteLength && passed === at; at += size) {
      passed += cursor.advance(body.subarray(at, at + size), 0x80)
    }
    expect(passed).toBe(messages.byteLength)
  }
})
