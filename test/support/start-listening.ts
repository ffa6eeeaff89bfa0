/** Servers for tests and their helper programs: on a local port, closed immediately. */
import { once } from 'node:events'
import type { ListenOptions, Server, Socket } from 'node:net'

/** A server that listens. */
export interface ListeningServer {
  /** 0 on a Unix socket. */
  readonly port: number
  /** The open connections. */
  readonly sockets: ReadonlySet<Socket>
  /** Cuts the connections, and settles once the port is free. Does nothing on a closed server. */
  close(): Promise<void>
}

const ANY_PORT: ListenOptions = Object.freeze({ port: 0, host: '127.0.0.1' })

/**
 * Makes it listen. The caller closes it.
 *
 * @param where default: any port that is free
 */
export async function startListening(server: Server, where: ListenOptions = ANY_PORT): Promise<ListeningServer> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(where)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    sockets,
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
