/** Closes a connection whose peer is still sending, so that it can read the answer. */
import type { Socket } from 'node:net'

/** How long the peer may take to close its end. A plain close with octets unread would make the kernel drop the answer. */
const LINGER_MS = 1_000

/** Ends our half, drops what the peer still sends, and destroys the socket when the peer ends, or soon. */
export function lingerThenDestroy(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return
  socket.end()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer))
}
