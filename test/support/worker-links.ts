/** The links between a primary and its workers, in memory: payloads are copied and batched as between processes. */
import type { WorkerLink } from '../../server/workers/contracts/worker-link.ts'
import type { LinkEnd, LinkSettings } from '../../server/workers/link/link-end.ts'
import type { LinkTransport } from '../../server/workers/link/link-queue.ts'
import { PrimaryEnd } from '../../server/workers/link/primary-end.ts'
import { WorkerEnd } from '../../server/workers/link/worker-end.ts'

/** A worker of a test. */
export interface TestWorker {
  readonly link: WorkerLink
  /** The worker reads nothing from now on: what the primary writes waits. */
  stall(): void
  /** The worker reads again. */
  resume(): void
  /** Ends the worker as a crash does: what waits is lost on both sides. */
  end(): void
}

/** A primary of a test. */
export interface TestWorkers {
  readonly primary: PrimaryEnd
  /** Starts one more worker, which serves at once. */
  startWorker(): TestWorker
}

/** Creates a primary without workers. */
export function workerLinks(settings: LinkSettings = {}): TestWorkers {
  const primary = new PrimaryEnd(settings)
  let lastId = 0
  return {
    primary,
    startWorker() {
      lastId += 1
      const down = new MemoryPipe((batch) => link.receive(batch))
      const up = new MemoryPipe((batch) => handle.receive(batch))
      const link: WorkerEnd = new WorkerEnd(lastId, up, settings)
      const handle: LinkEnd = primary.add(lastId, down)
      primary.start(handle)
      return {
        link,
        stall: () => down.stall(),
        resume: () => down.resume(),
        end() {
          up.cut()
          down.cut()
          link.end()
          primary.end(handle)
        },
      }
    },
  }
}

/** Carries batches in one direction, each in a turn of its own. */
class MemoryPipe implements LinkTransport {
  readonly #receive: (batch: readonly Uint8Array[]) => void
  readonly #waiting: (() => void)[] = []
  #isStalled = false
  #isCut = false

  constructor(receive: (batch: readonly Uint8Array[]) => void) {
    this.#receive = receive
  }

  write(batch: readonly Uint8Array[], written: () => void): void {
    const copy = batch.map((frame) => frame.slice())
    this.#waiting.push(() => {
      written()
      this.#receive(copy)
    })
    setImmediate(() => this.#flush())
  }

  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    this.#flush()
  }

  cut(): void {
    this.#isCut = true
  }

  #flush(): void {
    while (!this.#isStalled && !this.#isCut) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      next()
    }
  }
}
