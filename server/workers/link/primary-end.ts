/** The end of the primary: the links to all workers. */
import type { PrimaryLink, WorkerHandle } from '../contracts/worker-link.ts'
import { LinkChannels } from './link-channels.ts'
import { LinkEnd, type LinkSettings } from './link-end.ts'
import type { LinkTransport } from './link-queue.ts'

type Listener = (worker: WorkerHandle) => void

/** The links of a primary. Its owner reports when workers begin, serve and end. */
export class PrimaryEnd implements PrimaryLink {
  readonly #settings: LinkSettings
  readonly #channels = new LinkChannels<[WorkerHandle]>()
  readonly #serving = new Set<WorkerHandle>()
  readonly #onStart: Listener[] = []
  readonly #onEnd: Listener[] = []

  constructor(settings: LinkSettings = {}) {
    this.#settings = settings
  }

  workers(): readonly WorkerHandle[] {
    return [...this.#serving]
  }

  onRequest(channel: string, handler: (payload: unknown, worker: WorkerHandle) => unknown): void {
    this.#channels.onRequest(channel, handler)
  }

  onMessage(channel: string, listener: (payload: unknown, worker: WorkerHandle) => void): void {
    this.#channels.onMessage(channel, listener)
  }

  onStart(listener: Listener): void {
    this.#onStart.push(listener)
  }

  onEnd(listener: Listener): void {
    this.#onEnd.push(listener)
  }

  /** Links a process that begins. It can send at once; the others see it when it serves. */
  add(id: number, transport: LinkTransport): LinkEnd {
    const worker: LinkEnd = new LinkEnd({
      ...this.#settings,
      id,
      peer: `worker ${id}`,
      transport,
      answer: (channel, payload) => this.#channels.answer(channel, payload, worker),
      deliver: (channel, payload) => this.#channels.deliver(channel, payload, worker),
    })
    return worker
  }

  /** The worker serves calls from now on. */
  start(worker: WorkerHandle): void {
    this.#serving.add(worker)
    for (const listener of this.#onStart) listener(worker)
  }

  /** The process of the worker has ended, whether it ever served or not. */
  end(worker: LinkEnd): void {
    this.#serving.delete(worker)
    worker.end()
    for (const listener of this.#onEnd) listener(worker)
  }
}
