/** A process that is a worker: it listens with the others, and its primary decides when it ends. */
import cluster from 'node:cluster'
import type { FastifyBaseLogger } from 'fastify'
import { exitProcess, type OwnedProcess, type OwnedServer } from '../lifecycle/own-process.ts'
import { onCrash } from '../lifecycle/process-events.ts'
import { batchOf, envelopeOf } from './link/link-queue.ts'
import { WorkerEnd } from './link/worker-end.ts'
import { type DrainOrder, type FailedStart, type Serving, TO_PRIMARY, TO_WORKER } from './process-messages.ts'

const EXIT_FAILURE = 1

/**
 * The signals that a process group receives together: Ctrl-C goes to all processes of a terminal, and service managers signal all
 * processes of a service. The primary drains or reloads the workers.
 */
const SIGNALS_OF_PRIMARY = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** This process, as a worker. */
export class WorkerProcess {
  readonly link: WorkerEnd
  #server: OwnedServer | undefined
  #log: FastifyBaseLogger | undefined
  #hasCrashed = false

  constructor() {
    this.link = new WorkerEnd(cluster.worker?.id ?? 0, {
      write: (batch, written) => void process.send?.(envelopeOf(batch), written),
    })
    process.on('message', (message) => {
      const batch = batchOf(message)
      if (batch !== undefined) this.link.receive(batch)
    })
    for (const signal of SIGNALS_OF_PRIMARY) process.on(signal, () => {})
    this.link.onMessage(TO_WORKER.drain, (order) => void this.#drain(order as DrainOrder))
    this.link.onRequest(TO_WORKER.reload, () => this.#server?.reload() ?? true)
  }

  /** Which worker this is, for the lines of the log. */
  get id(): number {
    return this.link.id
  }

  /** Drains the server when the primary says so and after a crash, and then ends the process. */
  own(server: OwnedServer, log: FastifyBaseLogger, { drainTimeoutMs }: OwnedProcess): void {
    this.#server = server
    this.#log = log
    onCrash({
      log,
      drainTimeoutMs,
      drain: () => {
        this.#hasCrashed = true
        this.link.sendAlways(TO_PRIMARY.leaving, null)
        return server.drain()
      },
      exit: () => this.#exit(EXIT_FAILURE),
    })
  }

  /** Tells the primary that this worker serves calls. */
  serves(serving: Serving): void {
    this.link.sendAlways(TO_PRIMARY.serving, serving)
  }

  /** Tells the primary that this worker cannot start, and ends it. */
  async fail(failure: FailedStart): Promise<never> {
    await this.link.request(TO_PRIMARY.failed, failure).catch(() => process.stderr.write(`${failure.text}\n`))
    process.exit(failure.code)
  }

  async #drain({ delayMs }: DrainOrder): Promise<void> {
    const server = this.#server
    if (server === undefined) process.exit(0)
    try {
      const isClean = await server.drain(delayMs)
      this.#exit(isClean && !this.#hasCrashed ? 0 : EXIT_FAILURE)
    } catch (error) {
      this.#log?.error({ err: error }, 'the drain failed')
      this.#exit(EXIT_FAILURE)
    }
  }

  #exit(code: number): void {
    if (this.#log === undefined) process.exit(code)
    exitProcess(this.#log, () => code)
  }
}
