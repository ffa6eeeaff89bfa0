/** The messages between a primary and its workers. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { WorkerHandle } from '../../../../server/workers/contracts/worker-link.ts'
import { PrimaryEnd } from '../../../../server/workers/link/primary-end.ts'
import { WorkerEnd } from '../../../../server/workers/link/worker-end.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { workerLinks } from '../../../support/worker-links.ts'

const SAMPLES: readonly (readonly [string, unknown])[] = [
  ['a bigint', 2n ** 63n],
  ['bytes', new Uint8Array([1, 2, 250])],
  ['a Map', new Map([['a', new Set([1n])]])],
  ['a Date', new Date(5)],
  ['an object', { topic: 'a', at: [1, undefined, null] }],
  ['undefined', undefined],
]

describe('requests', () => {
  test.each(SAMPLES)('carry %s both ways', async (_name, sample) => {
    const { primary, startWorker } = workerLinks()
    primary.onRequest('echo', (payload) => payload)
    const { link } = startWorker()
    link.onRequest('echo', async (payload) => payload)
    await expect(link.request('echo', sample)).resolves.toEqual(sample)
    await expect(primary.workers()[0]?.request('echo', sample)).resolves.toEqual(sample)
  })

  test('reach the primary with the worker that sent them', async () => {
    const { primary, startWorker } = workerLinks()
    primary.onRequest('who', (_payload, { id }) => id)
    const [first, second] = [startWorker(), startWorker()]
    expect(await Promise.all([second.link.request('who', null), first.link.request('who', null)])).toEqual([2, 1])
  })

  test('fail with the message and the code of what the handler threw', async () => {
    const { primary, startWorker } = workerLinks()
    primary.onRequest('fail', () => {
      throw Object.assign(new Error('the topic is full'), { code: 'FULL' })
    })
    primary.onRequest('reject', () => Promise.reject('text'))
    const { link } = startWorker()
    await expect(link.request('fail', 1)).rejects.toMatchObject({ message: 'the topic is full', code: 'FULL' })
    await expect(link.request('reject', 1)).rejects.toMatchObject({ message: 'text', code: undefined })
  })

  test('fail if the response cannot be copied, or nothing answers the channel', async () => {
    const { primary, startWorker } = workerLinks()
    primary.onRequest('function', () => () => {})
    const { link } = startWorker()
    await expect(link.request('function', 1)).rejects.toThrow('could not be cloned')
    await expect(link.request('other', 1)).rejects.toMatchObject({ code: 'ERR_WORKER_NO_HANDLER' })
    await expect(primary.workers()[0]?.request('other', 1)).rejects.toMatchObject({ code: 'ERR_WORKER_NO_HANDLER' })
  })

  test('fail on both sides when the worker ends, and so do later ones', async () => {
    const { primary, startWorker } = workerLinks()
    const never = () => new Promise(() => {})
    primary.onRequest('wait', never)
    const worker = startWorker()
    worker.link.onRequest('wait', never)
    const [handle] = primary.workers() as [WorkerHandle]
    const open = Promise.allSettled([worker.link.request('wait', 1), handle.request('wait', 1)])
    await turn()
    worker.end()
    const later = await Promise.allSettled([worker.link.request('wait', 1), handle.request('wait', 1)])
    for (const outcome of [...(await open), ...later]) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_WORKER_ENDED' } })
    }
    expect(handle.send('a', 1)).toBe(false)
  })

  test('fail if the worker does not answer in time; a late response has no effect', async () => {
    const clock = new ManualClock()
    const { primary, startWorker } = workerLinks({ clock })
    const worker = startWorker()
    worker.link.onRequest('echo', (payload) => payload)
    worker.stall()
    const [handle] = primary.workers() as [WorkerHandle]
    const slow = handle.request('echo', 1, { timeoutMs: 50 })
    await turn()
    clock.advance(50)
    await expect(slow).rejects.toMatchObject({ code: 'ERR_WORKER_STALLED' })
    worker.resume()
    await expect(handle.request('echo', 2)).resolves.toBe(2)
    expect(clock.pending).toBe(0)
  })
})

describe('messages', () => {
  test('arrive in order, at every listener until it stops', async () => {
    const { primary, startWorker } = workerLinks()
    const { link } = startWorker()
    const seen: unknown[] = []
    link.onMessage('topic', (payload) => seen.push(payload))
    const stop = link.onMessage('topic', (payload) => seen.push(`also ${payload}`))
    const [handle] = primary.workers() as [WorkerHandle]
    handle.send('topic', 1)
    await turn()
    stop()
    for (const payload of [2, 3]) handle.send('topic', payload)
    handle.send('unknown', 4)
    await turn()
    await turn()
    expect(seen).toEqual([1, 'also 1', 2, 3])
  })

  test.each([
    ['bytes', { maxQueuedBytes: 4_000 }],
    ['messages', { maxQueuedFrames: 3 }],
  ])('to a worker that stalls are refused past the limit of %s, and those before it arrive', async (_unit, limits) => {
    const { primary, startWorker } = workerLinks({ limits })
    const worker = startWorker()
    const seen: unknown[] = []
    worker.link.onMessage('topic', (payload) => seen.push((payload as readonly unknown[])[0]))
    worker.stall()
    const [handle] = primary.workers() as [WorkerHandle]
    const text = 'x'.repeat(1_200)
    expect([1, 2, 3, 4].map((n) => handle.send('topic', [n, text]))).toEqual([true, true, true, false])
    await expect(handle.request('topic', text)).rejects.toMatchObject({ code: 'ERR_WORKER_STALLED' })
    worker.resume()
    await expect.poll(() => seen).toEqual([1, 2, 3])
    expect(handle.send('topic', [5, text])).toBe(true)
    await expect.poll(() => seen).toEqual([1, 2, 3, 5])
  })

  test('that are read after their process has ended have no effect', async () => {
    const primary = new PrimaryEnd()
    const seen: unknown[] = []
    primary.onMessage('topic', (payload) => seen.push(payload))
    const handle = primary.add(1, { write() {} })
    const batches: (readonly Uint8Array[])[] = []
    const link = new WorkerEnd(1, {
      write(batch, written) {
        batches.push(batch)
        written()
      },
    })
    for (const payload of [1, 2]) link.send('topic', payload)
    handle.receive(batches[0] ?? [])
    primary.end(handle)
    handle.receive(batches[1] ?? [])
    expect(batches).toHaveLength(2)
    expect(seen).toEqual([1])
  })

  test('of any size are accepted while nothing else waits', async () => {
    const { primary, startWorker } = workerLinks({ limits: { maxQueuedBytes: 10 } })
    const { link } = startWorker()
    const seen = new Promise((resolve) => link.onMessage('topic', resolve))
    expect(primary.workers()[0]?.send('topic', 'x'.repeat(100))).toBe(true)
    await expect(seen).resolves.toHaveLength(100)
  })
})

test('too many requests without a response are refused', async () => {
  const { primary, startWorker } = workerLinks({ limits: { maxOpenRequests: 2 } })
  primary.onRequest('wait', () => new Promise(() => {}))
  const worker = startWorker()
  const open = Promise.allSettled([worker.link.request('wait', 1), worker.link.request('wait', 2)])
  await expect(worker.link.request('wait', 3)).rejects.toMatchObject({ code: 'ERR_WORKER_STALLED' })
  worker.end()
  expect(await open).toHaveLength(2)
})

test('the primary sees workers start and end', () => {
  const { primary, startWorker } = workerLinks()
  const seen: string[] = []
  primary.onStart(({ id }) => seen.push(`start ${id}`))
  primary.onEnd(({ id }) => seen.push(`end ${id}`))
  const first = startWorker()
  startWorker()
  first.end()
  startWorker()
  expect(seen).toEqual(['start 1', 'start 2', 'end 1', 'start 3'])
  expect(primary.workers().map(({ id }) => id)).toEqual([2, 3])
})

test('a channel has one handler', () => {
  const { primary } = workerLinks()
  primary.onRequest('hub', () => 1)
  expect(() => primary.onRequest('hub', () => 2)).toThrow('channel "hub" has a handler already')
})
