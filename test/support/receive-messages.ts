/** The messages of a WebSocket of `ws`, in turn. */
import type { WebSocket } from 'ws'

/** Listens at once, so that no message is missed. */
export function receiveMessages(socket: WebSocket): AsyncIterator<Uint8Array, undefined> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(
    {},
    { highWaterMark: Number.POSITIVE_INFINITY },
  )
  const writer = writable.getWriter()
  socket.on('message', (data: Buffer) => void writer.write(data).catch(() => {}))
  socket.once('close', () => void writer.close().catch(() => {}))
  return readable.values()
}
