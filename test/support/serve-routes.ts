/** Serves Connect routes on a free port of this machine, over cleartext HTTP/2. */
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { Socket } from 'node:net'
import type { ConnectRouter } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'

/** A server that listens. */
export interface ServedRoutes {
  readonly port: number
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** Cuts the connections that are left, and settles once the port is free. */
  close(): Promise<void>
}

/** Listens before it returns. Each test closes what it serves. */
export async function serveRoutes(routes: (router: ConnectRouter) => void): Promise<ServedRoutes> {
  const server = createServer(connectNodeAdapter({ routes }))
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  return {
    port: address.port,
    origin: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
