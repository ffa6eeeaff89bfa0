/** Tells how long sockets of HTTP/1.1 have been idle, at no cost to their requests: by looking when somebody asks. */
import type { Socket } from 'node:net'

interface Look {
  bytes: number
  sinceMs: number
}

/** Knows the sockets of one front. */
export class IdleSockets {
  readonly #looks = new Map<Socket, Look>()

  /** A connection has come; it is forgotten once it closes. */
  add(socket: Socket): void {
    this.#looks.set(socket, { bytes: -1, sinceMs: 0 })
    socket.once('close', () => this.#looks.delete(socket))
  }

  /** A connection is in other hands. */
  remove(socket: Socket): void {
    this.#looks.delete(socket)
  }

  /**
   * The one that was not busy, and on which no byte has moved, for longest, as far as those who ask can tell: a
   * socket is idle since the first time that it was found like this.
   */
  findLongest(now: number, busy: ReadonlySet<unknown>): { socket: Socket; idleMs: number } | undefined {
    let longest: { socket: Socket; idleMs: number } | undefined
    for (const [socket, look] of this.#looks) {
      const bytes = socket.bytesRead + socket.bytesWritten
      if (busy.has(socket) || look.bytes !== bytes) {
        look.bytes = bytes
        look.sinceMs = now
      }
      const idleMs = now - look.sinceMs
      if (longest === undefined || idleMs > longest.idleMs) longest = { socket, idleMs }
    }
    return longest
  }
}
