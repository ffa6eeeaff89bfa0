/** An HTTP proxy that opens tunnels, and resolves names itself. */
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { KeyedCertificate } from './certificates.ts'

/** What a test sets. */
export interface ConnectProxyOptions {
  /** The destination of all tunnels: a local port. */
  readonly targetPort: number
  /** Responds with this instead of opening a tunnel, and disconnects. Default: open a tunnel. */
  readonly refuse?: string
  /** Speaks TLS. */
  readonly tls?: KeyedCertificate
}

/** A listening proxy. */
export interface ConnectProxy {
  readonly port: number
  /** The requests, as `CONNECT host:port`. */
  readonly requests: readonly string[]
  /** The `Proxy-Authorization` of each request. */
  readonly authorizations: readonly (string | undefined)[]
  /** Cuts all tunnels. */
  cut(): void
}

/** Starts a proxy. It is closed when the running test ends. */
export async function startConnectProxy(options: ConnectProxyOptions): Promise<ConnectProxy> {
  const { targetPort, refuse, tls } = options
  const requests: string[] = []
  const authorizations: (string | undefined)[] = []
  const sockets = new Set<Duplex>()
  const server = tls === undefined ? createHttpServer() : createHttpsServer({ ...tls })
  server.on('connection', (socket: Socket) => keep(sockets, socket))
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    requests.push(`${request.method} ${request.url}`)
    authorizations.push(request.headers['proxy-authorization'])
    if (refuse !== undefined) return void client.end(refuse)
    const upstream = connect(targetPort, '127.0.0.1')
    keep(sockets, client, upstream)
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(async () => {
    const closed = once(server, 'close')
    server.close()
    cut()
    await closed
  })
  return { port: (server.address() as AddressInfo).port, requests, authorizations, cut }
}

function keep(sockets: Set<Duplex>, ...all: readonly Duplex[]): void {
  for (const socket of all) {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      for (const other of all) other.destroy()
    })
  }
}
