/** A TCP proxy that forwards everything in small pieces, each in its own turn of the event loop. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A listening proxy. */
export interface SlicingProxy {
  readonly port: number
  /** Cuts the connections that are left, and settles once the port is free. */
  close(): Promise<void>
}

/**
 * Starts a proxy before a port of this machine. A server of the same process reads each piece alone; one of another process
 * may find several at once. The caller closes it.
 *
 * @param sliceBytes the size of a piece. Default 1
 */
export async function startSlicingProxy(targetPort: number, sliceBytes = 1): Promise<SlicingProxy> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.once('close', () => sockets.delete(from))
      // Without a listener an error would end the process; the reader receives it too.
      from.on('error', () => {})
      relay(from, to, sliceBytes).catch(() => to.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Rejects when either side breaks off. Otherwise each direction ends on its own. */
async function relay(from: Socket, to: Socket, sliceBytes: number): Promise<void> {
  for await (const chunk of from.iterator({ destroyOnReturn: false })) {
    for (let at = 0; at < chunk.byteLength; at += sliceBytes) await writeAlone(to, chunk.subarray(at, at + sliceBytes))
  }
  to.end()
}

/** Settles once the kernel has the piece and the receiver had a turn to poll for it. */
function writeAlone(to: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(piece, (error) => {
      if (error) reject(error)
      else setImmediate(resolve)
    })
  })
}
