import { EventEmitter, once } from 'node:events'

export interface GuestbookEntry {
  readonly id: number
  readonly author: string
  readonly text: string
  readonly signedAt: Date
}

const MAX_ENTRIES = 1_000

/** Keeps the latest entries in memory. Use a database in its place to keep them across restarts. */
export class Guestbook {
  readonly #entries: GuestbookEntry[] = []
  readonly #signed = new EventEmitter().setMaxListeners(0)
  #lastId = 0

  sign(author: string, text: string): GuestbookEntry {
    this.#lastId += 1
    const entry = { id: this.#lastId, author, text, signedAt: new Date() }
    this.#entries.push(entry)
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift()
    this.#signed.emit('entry')
    return entry
  }

  /** Yields the entries after an id, then each new one, until the signal aborts. */
  async *watch(afterId: number, signal: AbortSignal): AsyncGenerator<GuestbookEntry> {
    // An id that has not been given out yet comes from before a restart.
    let position = afterId > this.#lastId ? 0 : afterId
    while (!signal.aborted) {
      const next = this.#entries.find(({ id }) => id > position)
      if (next === undefined) {
        // Rejects when the signal aborts, which ends the loop.
        await once(this.#signed, 'entry', { signal }).catch(() => {})
      } else {
        position = next.id
        yield next
      }
    }
  }
}
