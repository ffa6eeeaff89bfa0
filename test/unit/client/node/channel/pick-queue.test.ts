import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { PickQueue, type PickWaiter } from '../../../../../client/node/channel/pick-queue.ts'
import { failPicker, queuePicker } from '../../../../../client/node/contracts/picker.ts'
import { settled } from '../../../../support/settled.ts'

/** Waits until a pick fails. */
class Waiter implements PickWaiter {
  readonly path = '/a/b'
  readonly requestHeader = new Headers()
  readonly waitsForReady = false
  lastPickError: ConnectError | undefined
  failures = 0
  readonly #onFailed: () => void

  constructor(onFailed = () => {}) {
    this.#onFailed = onFailed
  }

  onPicked(): void {
    expect.unreachable('there is no connection')
  }

  onPickFailed(): void {
    this.failures++
    this.#onFailed()
  }
}

test('a waiter removed by the callback of an earlier one gets no pick', async () => {
  const queue = new PickQueue(queuePicker)
  const second = new Waiter()
  const first = new Waiter(() => queue.leave(second))
  const third = new Waiter()
  for (const waiter of [first, second, third]) queue.start(waiter)
  queue.update(failPicker(new ConnectError('no', Code.Unavailable)))
  await settled()
  expect([first.failures, second.failures, third.failures]).toEqual([1, 0, 1])
  expect(queue.size).toBe(0)
})

test('a waiter removed before the failure is reported gets no error', async () => {
  const queue = new PickQueue(failPicker(new ConnectError('no', Code.Unavailable)))
  const waiter = new Waiter()
  queue.start(waiter)
  queue.leave(waiter)
  await settled()
  expect(waiter.failures).toBe(0)
})

test('a caller that retries at once does not block the event loop', async () => {
  const queue = new PickQueue(failPicker(new ConnectError('no', Code.Unavailable)))
  let mayStop = false
  const hasty = new Waiter(() => {
    if (!mayStop) queue.start(hasty)
  })
  queue.start(hasty)
  while (hasty.failures < 2) await new Promise((resolve) => setImmediate(resolve))
  mayStop = true
  await settled()
  expect(hasty.failures).toBeGreaterThan(1)
  expect(queue.size).toBe(0)
})
