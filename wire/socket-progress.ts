/** Tells whether the peer of a socket reads. */
import type { Socket } from 'node:net'

/** The part of a socket's handle that `setTimeout` of node:net looks at for the same purpose. */
interface Handle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
  /** Of a TLS handle: that of the connection below it. */
  readonly _parent?: Handle
}

/**
 * Returns the octets of a socket, over TLS as encrypted, that the system has taken so far. `writableLength` does not tell: it stays the same until all of a write is
 * taken, and is the same again after the next write of that size.
 */
export function takenBytesOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null }
  const { bytesWritten, writeQueueSize } = handle?._parent ?? handle ?? {}
  if (bytesWritten !== undefined && writeQueueSize !== undefined) return bytesWritten - writeQueueSize
  // The sockets of adapters for serverless platforms count nothing.
  return socket.bytesWritten - socket.writableLength || 0
}
