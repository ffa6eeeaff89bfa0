/** The TLS half of the port: a node:tls server that never listens itself. */
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { ResolvedOnePortOptions, TlsOptions } from './one-port-options.ts'

/** Does the handshake, and hands the decrypted connection on with what ALPN agreed on. */
export class TlsFront {
  readonly #server: Server

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
      socket.on('error', () => {})
      onSecure(socket, socket.alpnProtocol === 'h2' ? 'http2' : 'http1')
    })
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  /** Takes over a connection whose ClientHello is not read yet. */
  accept(socket: Socket): void {
    this.#server.emit('connection', socket)
  }
}
