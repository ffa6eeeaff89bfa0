import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { Turns } from '../../../../../server/auth/schemes/turns.ts'

test('runs at most so many at once, lets others wait in order, and refuses the rest', async () => {
  const turns = new Turns({ maxRunning: 2, maxWaiting: 2, refusal: 'full' })
  const ends: (() => void)[] = []
  const begun: number[] = []
  const run = (id: number) =>
    turns.run(() => {
      begun.push(id)
      return new Promise<number>((resolve) => ends.push(() => resolve(id)))
    })
  const runs = [1, 2, 3, 4].map(run)
  await expect(run(5)).rejects.toMatchObject({ code: Code.ResourceExhausted, rawMessage: 'full' })
  expect(begun).toEqual([1, 2])
  ends[1]?.()
  await runs[1]
  await expect.poll(() => begun).toEqual([1, 2, 3])
  for (const end of ends) end()
  await expect.poll(() => begun).toEqual([1, 2, 3, 4])
  ends[3]?.()
  expect(await Promise.all(runs)).toEqual([1, 2, 3, 4])
})

test('a task that fails passes its turn on', async () => {
  const turns = new Turns({ maxRunning: 1, maxWaiting: 5, refusal: 'full' })
  const failing = turns.run(() => Promise.reject(new Error('no')))
  const next = turns.run(async () => 'next')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('next')
  expect(await turns.run(async () => 'last')).toBe('last')
})
