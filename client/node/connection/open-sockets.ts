/** Keeps count of the sockets of a channel, so that closing it can wait for all of them. */
import type { Socket } from 'node:net'

/** The sockets that are not closed. */
export class OpenSockets {
  readonly #sockets = new Set<Socket>()
  #emptied: PromiseWithResolvers<void> | null = null

  /** Until it closes. */
  add(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size === 0) this.#emptied?.resolve()
    })
  }

  /** Closes them all without a word. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Settles when all are closed. None is to be added any more. */
  async whenClosed(): Promise<void> {
    if (this.#sockets.size === 0) return
    // Whoever waits for the end is still there to see it.
    for (const socket of this.#sockets) socket.ref()
    this.#emptied ??= Promise.withResolvers()
    await this.#emptied.promise
  }
}
