/** What is changed in one worker and holds in all: health, the log level, reloads, and the shares of limits. */
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { LogLevel } from '../../../../server/admin/log-level.ts'
import { SharedAdmin } from '../../../../server/admin/shared-admin.ts'
import { Reloads } from '../../../../server/lifecycle/reloads.ts'
import { concurrencyLimit } from '../../../../server/limits/concurrency-limit.ts'
import type { PreparedServer } from '../../../../server/rpc/middleware.ts'
import { serveSharedParts } from '../../../../server/serve-shared-parts.ts'
import { type WorkerRole, withDividedMemory } from '../../../../server/serve-workers.ts'
import { HealthStatus } from '../../../../server/services/health/health-status.ts'
import { shareHealth } from '../../../../server/share-health.ts'
import { askWorkers } from '../../../../server/workers/contracts/ask-workers.ts'
import { numberPart } from '../../../../server/workers/contracts/numbered-parts.ts'
import { workerLinks } from '../../../support/worker-links.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

function setUp(workers: number) {
  const { primary, startWorker } = workerLinks()
  serveSharedParts(primary, workers)
  return { startWorker }
}

test.each(['rate-limit', 'shares', 'connections', 'metrics', 'relay'])(
  'a program may name a channel %s, as those of the server have a prefix',
  async (channel) => {
    const { primary, startWorker } = workerLinks()
    serveSharedParts(primary, 2)
    primary.onRequest(channel, () => 'of the program')
    expect(await startWorker().link.request(channel, null)).toBe('of the program')
  },
)

describe('questions to workers', () => {
  test('go to all or to one, and a worker that stalls or lacks the part has no answer', async () => {
    const { startWorker } = setUp(4)
    const [a, b, c] = [startWorker(), startWorker(), startWorker(), startWorker()]
    for (const { link } of [a, b, c]) numberPart(link, 'test', () => BigInt(link.id) * 10n)
    numberPart(a.link, 'test', () => 'second')
    c?.stall()
    const question = { channel: 'test', payload: { part: 1 }, timeoutMs: 50 }
    expect(await askWorkers(a.link, question)).toEqual([
      { worker: 1, isAnswered: true, value: 10n },
      { worker: 2, isAnswered: true, value: 20n },
      { worker: 3, isAnswered: false },
      { worker: 4, isAnswered: false },
    ])
    expect(await askWorkers(a.link, { ...question, to: 2 })).toEqual([{ worker: 2, isAnswered: true, value: 20n }])
    expect(await askWorkers(a.link, { ...question, to: 9 })).toEqual([])
    expect(
      (await askWorkers(a.link, { ...question, payload: { part: 2 } })).map(({ isAnswered }) => isAnswered),
    ).toEqual([true, false, false, false])
  })
})

describe('health', () => {
  async function startHealth({ startWorker }: ReturnType<typeof setUp>) {
    const health = new HealthStatus()
    health.setStatus('shop', 'SERVING')
    const hooks: Record<string, () => Promise<void>> = {}
    const app = { addHook: (name: string, hook: () => Promise<void>) => Object.assign(hooks, { [name]: hook }) }
    shareHealth(app as unknown as FastifyInstance, health, startWorker().link)
    await hooks.onListen?.()
    return health
  }

  test('is the same in all workers after a change in one, and in a worker that starts later', async () => {
    const workers = setUp(3)
    const [a, b] = [await startHealth(workers), await startHealth(workers)]
    a.setStatus('shop', 'NOT_SERVING')
    await expect.poll(() => b.getStatus('shop')).toBe('NOT_SERVING')
    b.setStatus('cart', 'SERVING')
    await expect.poll(() => a.getStatus('cart')).toBe('SERVING')

    const late = await startHealth(workers)
    expect([late.getStatus('shop'), late.getStatus('cart')]).toEqual(['NOT_SERVING', 'SERVING'])
    late.clearStatus('cart')
    await expect.poll(() => [a.getStatus('cart'), b.getStatus('cart')]).toEqual([undefined, undefined])
  })

  test('the last of quick changes holds everywhere, and the worker that makes them shows no earlier one again', async () => {
    const workers = setUp(2)
    const [a, b] = [await startHealth(workers), await startHealth(workers)]
    const seen: (string | undefined)[] = []
    a.watch('shop', () => seen.push(a.getStatus('shop')))
    for (const status of ['NOT_SERVING', 'SERVING', 'NOT_SERVING', 'UNKNOWN'] as const) a.setStatus('shop', status)
    await expect.poll(() => b.getStatus('shop')).toBe('UNKNOWN')
    expect(seen).toEqual(['NOT_SERVING', 'SERVING', 'NOT_SERVING', 'UNKNOWN'])
  })

  test('changes in two workers at once end alike', async () => {
    const workers = setUp(2)
    const [a, b] = [await startHealth(workers), await startHealth(workers)]
    a.setStatus('shop', 'NOT_SERVING')
    b.setStatus('shop', 'UNKNOWN')
    await expect.poll(() => [a.getStatus('shop'), b.getStatus('shop')]).toEqual(['UNKNOWN', 'UNKNOWN'])
  })
})

describe('the admin service', () => {
  function startAdmin({ startWorker }: ReturnType<typeof setUp>) {
    const worker = startWorker()
    const log = pino({ level: 'info' }, { write() {} })
    const logLevel = new LogLevel([log])
    const reloads = new Reloads(log)
    closing.push(() => logLevel.close())
    return { worker, log, logLevel, reloads, shared: new SharedAdmin(worker.link, { logLevel, reloads }) }
  }

  test('sets the log level of all workers, and of one that starts later until the level returns', async () => {
    const workers = setUp(3)
    const [a, b] = [startAdmin(workers), startAdmin(workers)]
    a.logLevel.set('debug', 60_000)
    await a.shared.setLogLevel('debug', 60_000)
    expect(b.log.level).toBe('debug')
    expect(b.logLevel.state.revertsAt).toBeInstanceOf(Date)

    const late = startAdmin(workers)
    await late.shared.adoptLogLevel()
    expect(late.log.level).toBe('debug')
    expect(late.logLevel.state.revertsAt).toBeInstanceOf(Date)
  })

  test('reloads all workers: a part that fails in one has failed', async () => {
    const workers = setUp(2)
    const [a, b] = [startAdmin(workers), startAdmin(workers)]
    const runs = vi.fn()
    for (const { reloads } of [a, b]) reloads.add('policy', () => runs())
    a.reloads.add('certificates', () => true)
    b.reloads.add('certificates', () => false)
    expect(await a.shared.reload()).toEqual([
      { name: 'policy', isReloaded: true },
      { name: 'certificates', isReloaded: false },
    ])
    expect(runs).toHaveBeenCalledTimes(2)
  })
})

test.each([
  { given: 1_048_576, count: 4, part: 262_144 },
  { given: 65_536, count: 4, part: 65_536 },
])('memory of $given in $count workers is $part in each', ({ given, count, part }) => {
  const settings = { listen: { maxConnections: 7, http2: { processBufferBytes: given } } }
  const divided = withDividedMemory(settings, { count } as WorkerRole)
  expect(divided).toEqual({ listen: { maxConnections: 7, http2: { processBufferBytes: part } } })
  expect(withDividedMemory(settings, undefined)).toBe(settings)
})

describe('a limit of concurrency', () => {
  async function sharesOf(options: { readonly max?: number; readonly perMethod?: number }, workers: number) {
    const { startWorker } = setUp(workers)
    const warn = vi.fn()
    const start = async () => {
      const limit = concurrencyLimit(options)
      const worker = startWorker()
      await limit.prepare?.({ worker: worker.link, log: { warn } } as unknown as PreparedServer)
      return { worker, limit: limit.state.limit }
    }
    const started: Awaited<ReturnType<typeof start>>[] = []
    for (let count = 0; count < workers; count++) started.push(await start())
    return { started, start, warn, limits: started.map(({ limit }) => limit) }
  }

  test.each([
    { max: 10, workers: 4, shares: [3, 3, 2, 2] },
    { max: 8, workers: 2, shares: [4, 4] },
    { max: 3, workers: 3, shares: [1, 1, 1] },
  ])('of $max is $shares in $workers workers', async ({ max, workers, shares }) => {
    const { limits, warn } = await sharesOf({ max }, workers)
    expect(limits).toEqual(shares)
    expect(warn).not.toHaveBeenCalled()
  })

  test('a worker that replaces another takes its share over', async () => {
    const { started, start } = await sharesOf({ max: 5 }, 2)
    started[0]?.worker.end()
    expect((await start()).limit).toBe(3)
  })

  test('below the number of workers admits 1 in each, and the log says so', async () => {
    const { limits, warn } = await sharesOf({ max: 1 }, 4)
    expect(limits).toEqual([1, 1, 1, 1])
    expect(warn).toHaveBeenCalledWith(
      { limit: 1, workers: 4, admits: 4 },
      'concurrencyLimit: max is below the number of workers: each admits 1',
    )
  })
})
