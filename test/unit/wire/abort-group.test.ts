import { getEventListeners, once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Abortable, AbortGroup, joinAbort, leaveAbort } from '../../../wire/abort-group.ts'
import { MAX_PARTS_PER_TURN } from '../../../wire/http2/turn-slices.ts'

class Call implements Abortable {
  readonly reasons: unknown[] = []

  abort(reason: unknown): void {
    this.reasons.push(reason)
  }
}

test('a shutdown aborts the open calls, once, with its reason', () => {
  const shutdown = new AbortController()
  const calls = new AbortGroup(shutdown.signal)
  const [open, gone, late] = [new Call(), new Call(), new Call()]
  calls.add(open)
  calls.add(gone)
  calls.delete(gone)
  shutdown.abort('over')
  calls.add(late)
  expect(open.reasons).toEqual(['over'])
  expect(gone.reasons).toEqual([])
  expect(late.reasons).toEqual(['over'])
})

test('calls that share a signal have one listener on it, and none once they are over', () => {
  const { signal } = new AbortController()
  const calls = Array.from({ length: 100 }, () => new Call())
  for (const call of calls) joinAbort(signal, call)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  for (const call of calls.slice(1)) leaveAbort(signal, call)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  leaveAbort(signal, calls[0] as Call)
  expect(getEventListeners(signal, 'abort')).toEqual([])
  joinAbort(signal, calls[1] as Call)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
})

test('a call that joins an aborted signal is aborted at once', () => {
  const call = new Call()
  const signal = AbortSignal.abort('before')
  joinAbort(signal, call)
  expect(call.reasons).toEqual(['before'])
  leaveAbort(signal, call)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('rejects what is not a signal, which can still be left', () => {
  const call = new Call()
  expect(() => joinAbort({} as AbortSignal, call)).toThrow(TypeError)
  expect(() => leaveAbort({} as AbortSignal, call)).not.toThrow()
})

test('a large group is aborted over several turns, without those that leave meanwhile', async () => {
  const shutdown = new AbortController()
  const calls = Array.from({ length: 3 * MAX_PARTS_PER_TURN }, () => new Call())
  const group = new AbortGroup(shutdown.signal)
  for (const call of calls) group.add(call)
  const last = calls.at(-1) as Call
  const aborted = () => calls.filter(({ reasons }) => reasons.length > 0).length
  // Another test of this process may have used up a part of the turn.
  await setImmediate()
  await setImmediate()
  shutdown.abort('over')
  expect(aborted()).toBe(MAX_PARTS_PER_TURN)
  group.delete(last)
  await setImmediate()
  expect(aborted()).toBe(2 * MAX_PARTS_PER_TURN)
  await setImmediate()
  expect(aborted()).toBe(calls.length - 1)
  expect(last.reasons).toEqual([])
})

test('calls that joined a signal are all aborted when it aborts, however many, even if one throws', async () => {
  const controller = new AbortController()
  const calls = Array.from({ length: 3 * MAX_PARTS_PER_TURN }, () => new Call())
  const warned = once(process, 'warning')
  joinAbort(controller.signal, {
    abort() {
      throw new Error('the call failed')
    },
  })
  for (const call of calls) joinAbort(controller.signal, call)
  controller.abort('over')
  expect(calls.every(({ reasons }) => reasons.length === 1)).toBe(true)
  expect(await warned).toMatchObject([{ message: 'the call failed' }])
})
