/** How a primary keeps its workers running. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ForkedWorker } from '../../../../server/workers/forked-worker.ts'
import { PrimaryEnd } from '../../../../server/workers/link/primary-end.ts'
import { WorkerEnd } from '../../../../server/workers/link/worker-end.ts'
import { TO_PRIMARY, TO_WORKER } from '../../../../server/workers/process-messages.ts'
import { WorkerSet } from '../../../../server/workers/worker-set.ts'
import { LogCapture } from '../../../support/log-capture.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** A process in memory. */
class FakeProcess implements ForkedWorker {
  readonly pid = 1_000
  readonly orders: unknown[] = []
  readonly link: WorkerEnd
  readonly transport = {
    write: (batch: readonly Uint8Array[], written: () => void) =>
      void setImmediate(() => {
        written()
        this.link.receive(batch)
      }),
  }
  readonly id: number
  readonly port: number | undefined
  #receive: (batch: readonly Uint8Array[]) => void = () => {}
  #ended: (code: number | null, signal: string | null) => void = () => {}

  constructor(id: number, port: number | undefined) {
    this.id = id
    this.port = port
    this.link = new WorkerEnd(id, {
      write: (batch, written) =>
        void setImmediate(() => {
          written()
          this.#receive(batch)
        }),
    })
    this.link.onMessage(TO_WORKER.drain, (order) => this.orders.push(order))
  }

  onBatch(receive: (batch: readonly Uint8Array[]) => void): void {
    this.#receive = receive
  }

  onExit(ended: (code: number | null, signal: string | null) => void): void {
    this.#ended = ended
  }

  kill(): void {
    this.exit(null, 'SIGKILL')
  }

  exit(code: number | null, signal: string | null = null): void {
    this.#ended(code, signal)
    this.link.end()
  }

  async serve(port = 7_000): Promise<void> {
    this.link.send(TO_PRIMARY.serving, { lines: [`at ${port}`], port, banner: undefined })
    await turn()
    await turn()
  }
}

function workerSet(count: number) {
  const clock = new ManualClock()
  const links = new PrimaryEnd({ clock })
  const forks: FakeProcess[] = []
  const { logger: log, lines } = new LogCapture()
  let hopeless = 0
  let failures = 0
  const set = new WorkerSet({
    count,
    links,
    log,
    clock,
    fork(port) {
      failures -= 1
      if (failures >= 0) throw new Error('spawn ENOMEM')
      const process = new FakeProcess(forks.length + 1, port)
      forks.push(process)
      return process
    },
    onHopeless: () => {
      hopeless += 1
    },
  })
  return {
    clock,
    links,
    forks,
    set,
    lines,
    last: () => forks.at(-1) as FakeProcess,
    hopeless: () => hopeless,
    /** No process can be started the next few times. */
    failForks(times: number) {
      failures = times
    },
  }
}

/** Starts all workers. */
async function started(count: number) {
  const parts = workerSet(count)
  const start = parts.set.start()
  await parts.last().serve()
  for (const process of parts.forks.slice(1)) await process.serve()
  await start
  return parts
}

describe('at the start', () => {
  test('the first worker comes to serve before the others start, and reports for all', async () => {
    const { set, forks, links } = workerSet(3)
    const start = set.start()
    expect(forks).toHaveLength(1)
    await forks[0]?.serve()
    expect(forks).toHaveLength(3)
    await forks[2]?.serve()
    await forks[1]?.serve()
    expect(await start).toMatchObject({ lines: ['at 7000'], port: 7_000 })
    expect(links.workers().map(({ id }) => id)).toEqual([1, 3, 2])
  })

  test('a worker that cannot start ends it with its own text and code', async () => {
    const { set, last } = workerSet(2)
    const start = set.start()
    await last().link.request(TO_PRIMARY.failed, { text: 'no database', code: 3 })
    last().exit(3)
    await expect(start).rejects.toMatchObject({ message: 'no database', code: 3 })
  })

  test.each([
    [2, null, 2, 'exit code 2'],
    [0, null, 1, 'exit code 0'],
    [null, 'SIGKILL', 1, 'SIGKILL'],
  ])('a worker that ends with %s and %s before it serves ends it', async (code, signal, exitCode, reason) => {
    const { set, last } = workerSet(2)
    const start = set.start()
    last().exit(code, signal)
    await expect(start).rejects.toMatchObject({ code: exitCode, message: expect.stringContaining(reason) })
  })

  test.each([
    ['ends', (process: FakeProcess) => process.exit(1)],
    ['begins to leave', (process: FakeProcess) => process.link.send(TO_PRIMARY.leaving, null)],
  ])(
    'a worker that serves and %s before the others serve is replaced, and the start waits for it',
    async (_what, lose) => {
      const { clock, set, forks, last } = workerSet(2)
      let isOver = false
      const start = set.start().finally(() => {
        isOver = true
      })
      await forks[0]?.serve()
      lose(forks[0] as FakeProcess)
      await turn()
      clock.advance(100)
      expect(forks).toHaveLength(3)
      await forks[1]?.serve()
      expect(isOver).toBe(false)
      await last().serve()
      expect(await start).toMatchObject({ port: 7_000 })
      clock.advance(60_000)
      expect(forks).toHaveLength(3)
    },
  )
})

describe('a worker that ends', () => {
  test('is replaced at once if it ran for a while, else after a moment', async () => {
    const { clock, forks, links } = await started(2)
    clock.advance(5_000)
    forks[0]?.exit(1)
    clock.advance(0)
    expect(forks).toHaveLength(3)
    await forks[2]?.serve()
    expect(links.workers().map(({ id }) => id)).toEqual([2, 3])
    forks[2]?.exit(null, 'SIGSEGV')
    clock.advance(99)
    expect(forks).toHaveLength(3)
    clock.advance(1)
    expect(forks).toHaveLength(4)
  })

  test('is replaced more and more slowly if replacements fail, as long as another worker serves', async () => {
    const { clock, forks, last, hopeless, links, lines } = await started(2)
    clock.advance(60_000)
    forks[0]?.exit(1)
    clock.advance(0)
    for (const backoffMs of [200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]) {
      last().exit(1)
      clock.advance(backoffMs)
    }
    expect(forks).toHaveLength(11)
    expect(hopeless()).toBe(0)
    await last().serve()
    expect(links.workers().map(({ id }) => id)).toEqual([2, 11])
    expect(lines.at(-1)).toMatchObject({ msg: 'a worker started', workerId: 11 })
  })

  test('is replaced five times in vain, and the primary gives up if no worker serves', async () => {
    const { clock, forks, last, hopeless, lines } = await started(1)
    clock.advance(60_000)
    forks[0]?.exit(1)
    clock.advance(0)
    for (const [failures, backoffMs] of [200, 400, 800, 1_600].entries()) {
      expect(forks).toHaveLength(2 + failures)
      last().exit(1)
      clock.advance(backoffMs - 1)
      expect(forks).toHaveLength(2 + failures)
      clock.advance(1)
    }
    expect(hopeless()).toBe(0)
    last().exit(1)
    clock.advance(60_000)
    expect(hopeless()).toBe(1)
    expect(forks).toHaveLength(6)
    expect(lines.at(-1)).toMatchObject({ msg: 'workers fail to start; ending', attempts: 5 })
  })

  test('is replaced later if no process can be started', async () => {
    const { clock, set, forks, last, links, lines, failForks } = await started(2)
    failForks(2)
    clock.advance(5_000)
    forks[0]?.exit(1)
    for (const backoffMs of [0, 200, 400]) clock.advance(backoffMs)
    expect(lines.filter(({ msg }) => msg === 'a worker failed to start')).toMatchObject([
      { err: { message: 'spawn ENOMEM' } },
      { err: { message: 'spawn ENOMEM' } },
    ])
    expect(forks).toHaveLength(3)
    await last().serve()
    expect(links.workers().map(({ id }) => id)).toEqual([2, 3])
    expect(set.isEnding).toBe(false)
  })

  test('counts as no failure once a replacement serves', async () => {
    const { clock, forks, last, hopeless } = await started(2)
    for (let round = 0; round < 3; round += 1) {
      for (let failure = 0; failure < 5; failure += 1) {
        last().exit(1)
        clock.advance(5_000)
      }
      await last().serve()
    }
    expect(hopeless()).toBe(0)
    expect(forks).toHaveLength(17)
  })

  test('is replaced when it begins to leave after a crash, and not again when it ends', async () => {
    const { clock, forks } = await started(2)
    clock.advance(5_000)
    forks[1]?.link.send(TO_PRIMARY.leaving, null)
    await turn()
    clock.advance(0)
    expect(forks).toHaveLength(3)
    forks[1]?.exit(1)
    clock.advance(60_000)
    expect(forks).toHaveLength(3)
  })
})

describe('the port that was chosen freely', () => {
  test('is asked for by its number once no worker keeps it open', async () => {
    const { clock, forks } = await started(2)
    forks[0]?.exit(1)
    clock.advance(100)
    expect(forks.map(({ port }) => port)).toEqual([undefined, undefined, undefined])
    forks[1]?.exit(1)
    forks[2]?.exit(1)
    clock.advance(60_000)
    expect(forks.slice(3).map(({ port }) => port)).toEqual([7_000, 7_000])
  })

  test('is asked for by its number after a worker got another one', async () => {
    const { clock, forks, links, hopeless } = await started(2)
    forks[0]?.exit(1)
    clock.advance(100)
    forks[1]?.exit(1)
    clock.advance(100)
    await forks[2]?.serve(7_001)
    await forks[3]?.serve(7_001)
    clock.advance(60_000)
    expect(forks.slice(4).map(({ port }) => port)).toEqual([7_000, 7_000])
    for (const process of forks.slice(4)) await process.serve()
    expect(links.workers()).toHaveLength(2)
    expect(hopeless()).toBe(0)
  })
})

describe('a drain', () => {
  test.each([
    [[0, 0], true],
    [[0, 1], false],
  ])('that ends workers with %j reaches all of them, and is clean: %s', async (codes, isClean) => {
    const { set, forks } = await started(2)
    const drained = set.drain(500, 10_000)
    await turn()
    expect(forks.map(({ orders }) => orders)).toEqual([[{ delayMs: 500 }], [{ delayMs: 500 }]])
    for (const [at, process] of forks.entries()) process.exit(codes[at] as number)
    expect(await drained).toBe(isClean)
  })

  test('reaches a worker for which too much waits already', async () => {
    const { set, forks, links } = await started(2)
    const [first] = links.workers()
    let isAccepted = true
    while (isAccepted) isAccepted = first?.send('topic', 'x'.repeat(1_048_576)) ?? false
    const drained = set.drain(500, 10_000)
    await expect.poll(() => forks[0]?.orders).toEqual([{ delayMs: 500 }])
    for (const process of forks) process.exit(0)
    expect(await drained).toBe(true)
  })

  test('kills workers that do not end in time, and starts no more', async () => {
    const { clock, set, forks } = await started(2)
    const drained = set.drain(0, 10_000)
    forks[0]?.exit(0)
    clock.advance(11_999)
    clock.advance(1)
    expect(await drained).toBe(false)
    clock.advance(60_000)
    expect(forks).toHaveLength(2)
  })

  test('cancels a replacement that is due', async () => {
    const { clock, set, forks } = await started(2)
    forks[0]?.exit(1)
    const drained = set.drain(0, 10_000)
    clock.advance(1_000)
    expect(forks).toHaveLength(2)
    forks[1]?.exit(0)
    expect(await drained).toBe(true)
  })
})

test('a reload reaches all workers, and says whether everything was valid', async () => {
  const { set, forks } = await started(2)
  let isSecondValid = true
  forks[0]?.link.onRequest(TO_WORKER.reload, () => true)
  forks[1]?.link.onRequest(TO_WORKER.reload, () => isSecondValid)
  expect(await set.reload()).toBe(true)
  isSecondValid = false
  expect(await set.reload()).toBe(false)
})
