import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RingBuffer } from '../../../../../server/demo/topics/ring-buffer.ts'

test('a ring buffer behaves like an array, whatever is pushed, shifted and cleared', () => {
  const operation = fc.oneof(
    { weight: 6, arbitrary: fc.constant('push' as const) },
    { weight: 4, arbitrary: fc.constant('shift' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const ring = new RingBuffer<number>()
      let model: number[] = []
      operations.forEach((name, index) => {
        if (name === 'push') {
          ring.push(index)
          model.push(index)
        } else if (name === 'shift') {
          expect(ring.shift()).toBe(model.shift())
        } else {
          ring.clear()
          model = []
        }
        expect(ring.size).toBe(model.length)
        expect(Array.from({ length: ring.size }, (_, at) => ring.at(at))).toEqual(model)
      })
    }),
  )
})

test('reading outside of a ring buffer returns nothing', () => {
  const ring = new RingBuffer<string>()
  expect(ring.at(0)).toBeUndefined()
  ring.push('a')
  expect([ring.at(-1), ring.at(0), ring.at(1)]).toEqual([undefined, 'a', undefined])
})
