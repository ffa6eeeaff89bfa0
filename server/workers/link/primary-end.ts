/** The end of the primary: the links to all workers. */
import type { PrimaryLink, RequestOptions, WorkerHandle } from '../contracts/worker-link.ts'
import { LinkChannels } from './link-channels.ts'
import { LinkEnd } from './link-end.ts'
import type { LinkTransport } from './link-queue.ts'
import type { LinkSettings } from './worker-end.ts'

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
  add(id: number, transport: LinkTransport): LinkedWorker {
    return new LinkedWorker(id, (handle) => ({
      ...this.#settings,
      peer: `worker ${id}`,
      transport,
      answer: (channel, payload) => this.#channels.answer(channel, payload, handle),
      deliver: (channel, payload) => this.#channels.deliver(channel, payload, handle),
    }))
  }

  /** The worker serves calls from now on. */
  start(worker: WorkerHandle): void {
    this.#serving.add(worker)
    for (const listener of this.#onStart) listener(worker)
  }

  /** The process of the worker has ended, whether it ever served or not. */
  end(worker: LinkedWorker): void {
    this.#serving.delete(worker)
    worker.end()
    for (const listener of this.#onEnd) listener(worker)
  }
}

/** The link of the primary to one worker. */
export class LinkedWorker implements WorkerHandle {
  readonly id: number
  readonly #end: LinkEnd

  constructor(id: number, partsFor: (handle: WorkerHandle) => ConstructorParameters<typeof LinkEnd>[0]) {
    this.id = id
    this.#end = new LinkEnd(partsFor(this))
  }

  request(channel: string, payload: unknown, options?: RequestOptions): Promise<unknown> {
    return this.#end.request(channel, payload, options)
  }

  send(channel: string, payload: unknown): boolean {
    return this.#end.send(channel, payload)
  }

  /** Sends a message also when too much waits for the worker. */
  sendAlways(channel: string, payload: unknown): void {
    this.#end.sendAlways(channel, payload)
  }

  /** Takes a batch of the worker. */
  receive(batch: readonly Uint8Array[]): void {
    this.#end.receive(batch)
  }

  /** Fails what waits for the worker. */
  end(): void {
    this.#end.end()
  }
}
