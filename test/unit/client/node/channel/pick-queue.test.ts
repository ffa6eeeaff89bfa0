import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { PickQueue, type PickWaiter } from '../../../../../client/node/channel/pick-queue.ts'
import { failPicker, queuePicker } from '../../../../../client/node/channel/picker.ts'

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

test('who gives up because of what the one before was told is told nothing', () => {
  const queue = new PickQueue(queuePicker)
  const second = new Waiter()
  const first = new Waiter(() => queue.leave(second))
  const third = new Waiter()
  for (const waiter of [first, second, third]) queue.start(waiter)
  queue.update(failPicker(new ConnectError('no', Code.Unavailable)))
  expect([first.failures, second.failures, third.failures]).toEqual([1, 0, 1])
  expect(queue.size).toBe(0)
})
