/** The TLS half of the port: a node:tls server that never listens itself. */
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { ResolvedOnePortOptions, TlsOptions } from './one-port-options.ts'

/** Does the handshake, and hands the decrypted connection on with what ALPN agreed on. */
export class TlsFront {
  readonly #server: Server
  /** Connections whose handshake is under way, by what both ends of them are. */
  readonly #handshakes = new Map<string, Socket>()

  constructor(
    tls: TlsOptions,
    options: ResolvedOnePortOptions,
    onSecure: (socket: TLSSocket, protocol: 'http2' | 'http1') => void,
  ) {
    this.#server = createServer({
      cert: tls.cert,
      key: tls.key,
      ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
      ALPNProtocols: ['h2', 'http/1.1'],
      minVersion: 'TLSv1.2',
      handshakeTimeout: options.handshakeTimeoutMs,
    })
    this.#server.on('secureConnection', (socket) => {
      this.#handshakes.delete(endsOf(socket))
      socket.on('error', () => {})
      // As before the handshake: what an end means is for whoever speaks now.
      socket.allowHalfOpen = true
      onSecure(socket, socket.alpnProtocol === 'h2' ? 'http2' : 'http1')
    })
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  /** Takes over a connection whose ClientHello is not read yet. */
  accept(socket: Socket): void {
    // A peer that ends within the handshake has nothing to wait for.
    socket.allowHalfOpen = false
    const ends = endsOf(socket)
    this.#handshakes.set(ends, socket)
    socket.once('close', () => this.#handshakes.delete(ends))
    this.#server.emit('connection', socket)
  }

  /** No call can have begun on connections that are not secure yet: they end at once. */
  drain(): void {
    for (const socket of this.#handshakes.values()) socket.destroy()
  }
}

/** The same for a connection and for the one within, which node:tls does not tell the other. All those of a Unix socket are alike. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
