import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { PrimaryStore, servePrimaryRateLimits } from '../../../../server/limits/primary-store.ts'
import { ConnectionLimits } from '../../../../server/listen/connection-limits.ts'
import { servePrimaryPlaces } from '../../../../server/listen/primary-places.ts'
import { SILENT_LOG } from '../../../../server/observing/port-log.ts'
import { systemClock } from '../../../../wire/http2/http2.ts'
import { type TestWorker, workerLinks } from '../../../support/worker-links.ts'

describe('rate limits', () => {
  const BUCKET = { capacity: 10, refillPerSecond: 1 }

  function setUp() {
    const clock = { ...systemClock, nowMs: 0, now: () => clock.nowMs }
    const { primary, startWorker } = workerLinks()
    servePrimaryRateLimits(primary, clock)
    const start = () => {
      const worker = startWorker()
      return { worker, store: new PrimaryStore(worker.link, { maxKeys: 100, clock }) }
    }
    return { clock, start }
  }

  test('a capacity of 10 admits 10 calls over all workers, and tells the others how long to wait', async () => {
    const { start } = setUp()
    const stores = [start().store, start().store, start().store]
    const waits = await Promise.all(
      Array.from({ length: 30 }, (_, index) => stores[index % stores.length]?.take('a', BUCKET)),
    )
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(10)
    expect(waits.filter((waitMs) => waitMs === 1_000)).toHaveLength(20)
  })

  test('the calls of one turn are one request, and an empty bucket costs none until it has a token', async () => {
    const { clock, start } = setUp()
    const { store, worker } = start()
    const requests = vi.spyOn(worker.link, 'request')
    await Promise.all(Array.from({ length: 11 }, () => store.take('a', BUCKET)))
    expect(requests).toHaveBeenCalledTimes(1)

    clock.nowMs = 400
    expect(store.take('a', BUCKET)).toBe(600)
    expect(requests).toHaveBeenCalledTimes(1)

    clock.nowMs = 1_000
    expect(await store.take('a', BUCKET)).toBe(0)
    expect(await store.take('b', BUCKET)).toBe(0)
    expect(requests).toHaveBeenCalledTimes(3)
  })

  test('several limits of a program do not share buckets', async () => {
    const { clock, start } = setUp()
    const { worker, store } = start()
    const second = new PrimaryStore(worker.link, { maxKeys: 100, clock })
    const one = { capacity: 1, refillPerSecond: 1 }
    expect(await Promise.all([store.take('a', one), second.take('a', one), store.take('a', one)])).toEqual([
      0, 0, 1_000,
    ])
  })

  test('a primary that has ended is a store that fails', async () => {
    const { start } = setUp()
    const { worker, store } = start()
    worker.end()
    await expect(store.take('a', BUCKET)).rejects.toMatchObject({ code: 'ERR_WORKER_ENDED' })
  })
})

describe('limits of connections', () => {
  class TestSocket extends EventEmitter {
    readonly remoteAddress: string
    closed = false

    constructor(remoteAddress: string) {
      super()
      this.remoteAddress = remoteAddress
    }

    close(): void {
      this.closed = true
      this.emit('close')
    }
  }

  function setUp(options: { readonly maxConnections: number; readonly maxConnectionsPerAddress?: number }) {
    const clock = { ...systemClock, nowMs: 0, now: () => clock.nowMs }
    const { primary, startWorker } = workerLinks()
    servePrimaryPlaces(primary, clock)
    return { clock, primary, start: () => startPort(startWorker(), { maxConnectionsPerAddress: 0, ...options }) }
  }

  function startPort(
    worker: TestWorker,
    options: { readonly maxConnections: number; readonly maxConnectionsPerAddress: number },
  ) {
    const idle: TestSocket[] = []
    const refused: string[] = []
    const limits = new ConnectionLimits(options, {
      findLongestIdle() {
        const socket = idle.shift()
        return socket && { idleMs: 60_000, end: () => socket.close() }
      },
      clearIdle() {},
      log: SILENT_LOG,
      counts: { onRefused: (reason) => void refused.push(reason) },
      worker: worker.link,
    })
    const connect = async (address = '192.0.2.1') => {
      const socket = new TestSocket(address)
      return { socket, isAdmitted: await limits.admit(socket as unknown as Socket) }
    }
    return { worker, idle, refused, connect, limits }
  }

  test('the total is exact over workers, and a place is free once its connection closes or its worker ends', async () => {
    const { start } = setUp({ maxConnections: 3 })
    const [a, b] = [start(), start()]
    const opened = await Promise.all([a.connect(), b.connect(), a.connect(), b.connect(), a.connect()])
    expect(opened.filter(({ isAdmitted }) => isAdmitted)).toHaveLength(3)
    expect([...a.refused, ...b.refused]).toEqual(['limit', 'limit'])

    opened.find(({ isAdmitted }) => isAdmitted)?.socket.close()
    await expect.poll(async () => (await b.connect()).isAdmitted).toBe(true)
    expect((await a.connect()).isAdmitted).toBe(false)

    b.worker.end()
    expect((await a.connect()).isAdmitted).toBe(true)
    for (const { limits } of [a, b]) limits.close()
  })

  test('a limit per address counts the connections of all workers', async () => {
    const { start } = setUp({ maxConnections: 100, maxConnectionsPerAddress: 1 })
    const [a, b] = [start(), start()]
    expect((await a.connect('192.0.2.1')).isAdmitted).toBe(true)
    expect((await b.connect('192.0.2.1')).isAdmitted).toBe(false)
    expect((await b.connect('192.0.2.2')).isAdmitted).toBe(true)
    expect(b.refused).toEqual(['address_limit'])
    for (const { limits } of [a, b]) limits.close()
  })

  test('an idle connection of any worker makes room', async () => {
    const { start } = setUp({ maxConnections: 1 })
    const [a, b] = [start(), start()]
    const { socket } = await a.connect()
    a.idle.push(socket)
    expect((await b.connect()).isAdmitted).toBe(true)
    expect(socket.closed).toBe(true)
    expect(a.refused).toEqual(['idle'])
    expect((await a.connect()).isAdmitted).toBe(false)
    for (const { limits } of [a, b]) limits.close()
  })

  test('the search for an idle connection leaves a worker out for a while that did not answer', async () => {
    const { clock, primary, start } = setUp({ maxConnections: 1 })
    const [a, b, c] = [start(), start(), start()]
    const [, stalled] = primary.workers()
    const asked = vi.spyOn(stalled as NonNullable<typeof stalled>, 'request')
    const { socket } = await c.connect()
    b.worker.stall()
    expect((await a.connect()).isAdmitted).toBe(false)
    clock.nowMs = 4_999
    c.idle.push(socket)
    expect((await a.connect()).isAdmitted).toBe(true)
    expect(asked).toHaveBeenCalledTimes(1)
    clock.nowMs = 5_000
    b.worker.resume()
    expect((await a.connect()).isAdmitted).toBe(false)
    expect(asked).toHaveBeenCalledTimes(2)
    for (const { limits } of [a, b, c]) limits.close()
  })

  test('a connection that closes before the primary answers frees its place', async () => {
    const { start } = setUp({ maxConnections: 1 })
    const a = start()
    const socket = new TestSocket('192.0.2.1')
    const admission = a.limits.admit(socket as unknown as Socket)
    socket.close()
    expect(await admission).toBe(false)
    await expect.poll(async () => (await a.connect()).isAdmitted).toBe(true)
    a.limits.close()
  })
})
