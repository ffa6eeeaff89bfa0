/** Tracks the sockets of a channel, so that closing it can wait for all of them. */
import type { Socket } from 'node:net'

/** The open sockets. */
export class OpenSockets {
  readonly #sockets = new Set<Socket>()
  #emptied: PromiseWithResolvers<void> | null = null

  /** Adds a socket, until it closes. */
  add(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size === 0) this.#emptied?.resolve()
    })
  }

  /** Destroys all sockets. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Resolves when all sockets are closed. No more may be added. */
  async whenClosed(): Promise<void> {
    if (this.#sockets.size === 0) return
    // Keeps the process alive until they are closed.
    for (const socket of this.#sockets) socket.ref()
    this.#emptied ??= Promise.withResolvers()
    await this.#emptied.promise
  }
}
