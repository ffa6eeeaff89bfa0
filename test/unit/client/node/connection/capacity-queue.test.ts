import { once } from 'node:events'
import { expect, test } from 'vitest'
import { CapacityQueue } from '../../../../../client/node/connection/capacity-queue.ts'

function open(room: number) {
  const owner = { room, hasLeft: false, hasRoom: true }
  Object.defineProperty(owner, 'hasRoom', { get: () => owner.room > 0 })
  const served: string[] = []
  const queue = new CapacityQueue(owner)
  const wait = (name: string) =>
    queue.wait(() => {
      served.push(name)
      owner.room -= 1
    })
  return { owner, queue, served, wait }
}

test('the longest waiter goes first, while there is capacity', () => {
  const { owner, queue, served, wait } = open(0)
  for (const name of ['a', 'b', 'c']) wait(name)
  expect(queue.isFree).toBe(false)
  owner.room = 2
  queue.serve()
  expect(served).toEqual(['a', 'b'])
  expect(queue.isFree).toBe(false)
})

test('an abandoned place goes to the next waiter', () => {
  const { owner, served, wait } = open(0)
  const giveUp = wait('a')
  wait('b')
  owner.room = 1
  giveUp()
  giveUp()
  expect(served).toEqual(['b'])
})

test('a closing connection rejects all waiters, and later ones', async () => {
  const { owner, queue, served, wait } = open(0)
  wait('a')
  owner.hasLeft = true
  queue.serve()
  expect(served).toEqual(['a'])
  wait('b')
  await Promise.resolve()
  expect(served).toEqual(['a', 'b'])
})

test('a waiter that throws does not block the others', async () => {
  const { owner, queue, served, wait } = open(0)
  const warned = once(process, 'warning')
  wait('a')
  queue.wait(() => {
    throw new Error('no use for it')
  })
  wait('b')
  owner.room = 3
  queue.serve()
  expect(served).toEqual(['a', 'b'])
  expect(queue.isFree).toBe(true)
  expect(await warned).toMatchObject([{ message: 'no use for it' }])
})
