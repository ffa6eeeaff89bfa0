/** The channels of a process: who answers requests, and who receives messages. */
import { WorkerError } from '../contracts/worker-link.ts'

/** Handlers and listeners by the name of their channel. `Origin` is what they receive besides the payload. */
export class LinkChannels<Origin extends readonly unknown[] = []> {
  readonly #handlers = new Map<string, (payload: unknown, ...origin: Origin) => unknown>()
  readonly #listeners = new Map<string, Set<(payload: unknown, ...origin: Origin) => void>>()

  /** @throws RangeError if the channel has a handler */
  onRequest(channel: string, handler: (payload: unknown, ...origin: Origin) => unknown): void {
    if (this.#handlers.has(channel)) throw new RangeError(`channel "${channel}" has a handler already`)
    this.#handlers.set(channel, handler)
  }

  /** Adds a listener, which must not throw. Returns a function that removes it. */
  onMessage(channel: string, listener: (payload: unknown, ...origin: Origin) => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    return () => {
      listeners.delete(listener)
    }
  }

  /** Returns or rejects as the handler does. */
  async answer(channel: string, payload: unknown, ...origin: Origin): Promise<unknown> {
    const handler = this.#handlers.get(channel)
    if (handler === undefined) {
      throw new WorkerError(`no handler answers channel "${channel}" yet`, 'ERR_WORKER_NO_HANDLER')
    }
    return handler(payload, ...origin)
  }

  /** Passes a message to the listeners of its channel, if there are any. */
  deliver(channel: string, payload: unknown, ...origin: Origin): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(payload, ...origin)
  }
}
