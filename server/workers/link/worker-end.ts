/** The end of a worker. */
import type { Clock } from '../../../wire/http2/http2.ts'
import type { RequestOptions, WorkerLink } from '../contracts/worker-link.ts'
import { LinkChannels } from './link-channels.ts'
import { LinkEnd } from './link-end.ts'
import type { LinkLimits, LinkTransport } from './link-queue.ts'

/** What ends of workers and of the primary can be given. */
export interface LinkSettings {
  readonly limits?: Partial<LinkLimits>
  readonly clock?: Clock
}

/** The link of a worker to its primary. */
export class WorkerEnd implements WorkerLink {
  readonly id: number
  readonly #channels = new LinkChannels()
  readonly #end: LinkEnd

  constructor(id: number, transport: LinkTransport, settings: LinkSettings = {}) {
    this.id = id
    this.#end = new LinkEnd({
      ...settings,
      peer: 'the primary',
      transport,
      answer: (channel, payload) => this.#channels.answer(channel, payload),
      deliver: (channel, payload) => this.#channels.deliver(channel, payload),
    })
  }

  request(channel: string, payload: unknown, options?: RequestOptions): Promise<unknown> {
    return this.#end.request(channel, payload, options)
  }

  send(channel: string, payload: unknown): boolean {
    return this.#end.send(channel, payload)
  }

  onRequest(channel: string, handler: (payload: unknown) => unknown): void {
    this.#channels.onRequest(channel, handler)
  }

  onMessage(channel: string, listener: (payload: unknown) => void): () => void {
    return this.#channels.onMessage(channel, listener)
  }

  /** Sends a message also when too much waits for the primary. */
  sendAlways(channel: string, payload: unknown): void {
    this.#end.sendAlways(channel, payload)
  }

  /** Takes a batch of the primary. */
  receive(batch: readonly Uint8Array[]): void {
    this.#end.receive(batch)
  }

  /** The primary has ended. */
  end(): void {
    this.#end.end()
  }
}
