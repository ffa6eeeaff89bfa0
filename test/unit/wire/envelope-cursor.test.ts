import { expect, test } from 'vitest'
import { EnvelopeCursor } from '../../../wire/envelope-cursor.ts'

/** Two messages of 3 and 0 bytes. */
const TWO = Buffer.from([0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0])

test('tells behind each byte whether a message has begun that has not ended', () => {
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

test('a length of 4 GiB is taken as unsigned', () => {
  const cursor = new EnvelopeCursor()
  cursor.advance(Buffer.from([0, 255, 255, 255, 255, 1]))
  expect(cursor.isInsideMessage).toBe(true)
})
