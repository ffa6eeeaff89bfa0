/** The end of a worker. */
import type { WorkerLink } from '../contracts/worker-link.ts'
import { LinkChannels } from './link-channels.ts'
import { LinkEnd, type LinkSettings } from './link-end.ts'
import type { LinkTransport } from './link-queue.ts'

/** The link of a worker to its primary. */
export class WorkerEnd extends LinkEnd implements WorkerLink {
  readonly #channels: LinkChannels

  constructor(id: number, transport: LinkTransport, settings: LinkSettings = {}) {
    const channels = new LinkChannels()
    super({
      ...settings,
      id,
      peer: 'the primary',
      transport,
      answer: (channel, payload) => channels.answer(channel, payload),
      deliver: (channel, payload) => channels.deliver(channel, payload),
    })
    this.#channels = channels
  }

  onRequest(channel: string, handler: (payload: unknown) => unknown): void {
    this.#channels.onRequest(channel, handler)
  }

  onMessage(channel: string, listener: (payload: unknown) => void): () => void {
    return this.#channels.onMessage(channel, listener)
  }
}
