import { setImmediate } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { MAX_PARTS_PER_TURN, runInSlices } from '../../../../wire/http2/turn-slices.ts'

beforeEach(async () => {
  await setImmediate()
  await setImmediate()
})

/** Records each part in `done`, by the name of its flood. */
function flood(name: string, parts: number, done: string[]) {
  let left = parts
  return {
    doPart(): boolean {
      done.push(name)
      left--
      return left > 0
    },
  }
}

test('a small amount of work is done at once', () => {
  const done: string[] = []
  runInSlices(flood('a', 2, done))
  runInSlices(flood('b', 1, done))
  expect(done).toEqual(['a', 'a', 'b'])
})

test('floods share the work of a turn, the first one first', async () => {
  const done: string[] = []
  runInSlices(flood('a', MAX_PARTS_PER_TURN - 1, done))
  runInSlices(flood('b', 2, done))
  runInSlices(flood('c', 1, done))
  expect(done).toHaveLength(MAX_PARTS_PER_TURN)
  await setImmediate()
  expect(done.slice(MAX_PARTS_PER_TURN - 1)).toEqual(['b', 'b', 'c'])
})

test('work that a part adds runs after it', () => {
  const done: string[] = []
  const outer = flood('outer', 2, done)
  runInSlices({
    doPart() {
      runInSlices(flood('inner', 1, done))
      return outer.doPart()
    },
  })
  expect(done).toEqual(['outer', 'outer', 'inner', 'inner'])
})

test('a part that throws does not block the others, and is reported', async () => {
  const done: string[] = []
  const warned = new Promise((resolve) => process.once('warning', resolve))
  const rest = flood('rest', 1, done)
  let hasThrown = false
  runInSlices({
    doPart() {
      if (hasThrown) return rest.doPart()
      hasThrown = true
      throw new Error('a part failed')
    },
  })
  expect(done).toEqual(['rest'])
  expect(await warned).toMatchObject({ message: 'a part failed' })
})
