/** The TLS side of the port: a node:tls server that does not listen. */
import type { Socket } from 'node:net'
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import type { PortLog } from '../../observing/port-log.ts'
import { CertificateStore } from './certificate-store.ts'
import type { ResolvedTlsOptions } from './tls-options.ts'

/** What a front needs from its port. */
export interface TlsFrontHost {
  readonly handshakeTimeoutMs: number
  readonly log: PortLog
  /** Takes over a decrypted connection. */
  onSecure(socket: TLSSocket, protocol: 'http2' | 'http1'): void
}

/** Does the handshake, then passes the decrypted connection on, with the protocol that ALPN selected. */
export class TlsFront {
  readonly #server: Server
  readonly #certificates: CertificateStore
  /** The sockets of unfinished handshakes, by the addresses of both ends. */
  readonly #handshakes = new Map<string, Socket>()

  /** @throws RangeError for certificates and keys that cannot be used */
  constructor(options: ResolvedTlsOptions, { handshakeTimeoutMs, log, onSecure }: TlsFrontHost) {
    this.#certificates = new CertificateStore(options, {
      log,
      // Applies to new connections only.
      onChange: (context) => this.#server.setSecureContext(context),
    })
    const hasAuthority = options.ca !== undefined || options.caFile !== undefined
    this.#server = createServer({
      ...this.#certificates.defaults,
      SNICallback: (name, done) => this.#chooseContext(name, done),
      ...(hasAuthority ? { requestCert: true, rejectUnauthorized: true } : {}),
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: handshakeTimeoutMs,
    })
    this.#server.on('secureConnection', (socket) => {
      this.#handshakes.delete(endsOf(socket))
      socket.on('error', () => {})
      // As before the handshake, because HTTP/1.1 clients may end their side and still read.
      socket.allowHalfOpen = true
      onSecure(socket, socket.alpnProtocol === 'h2' ? 'http2' : 'http1')
    })
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  /** Takes over a connection whose ClientHello has not been read. */
  accept(socket: Socket): void {
    // During the handshake, a client that ends its side has nothing to wait for.
    socket.allowHalfOpen = false
    const ends = endsOf(socket)
    this.#handshakes.set(ends, socket)
    socket.once('close', () => this.#handshakes.delete(ends))
    this.#server.emit('connection', socket)
  }

  /** Reloads certificates when their files change, until `close`. */
  watch(): void {
    this.#certificates.watch()
  }

  close(): void {
    this.#certificates.close()
  }

  /** See `CertificateStore.reload`. */
  reload(): boolean {
    return this.#certificates.reload()
  }

  /** No call can have begun before the handshake is complete, so these connections end at once. */
  drain(): void {
    for (const socket of this.#handshakes.values()) socket.destroy()
  }

  /** Must not throw for any server name (CVE-2026-21637): Node does not catch exceptions here. */
  #chooseContext(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    done(null, this.#certificates.contextFor(name))
  }
}

/**
 * Identifies a connection by its addresses, because node:tls does not link the decrypted socket to the outer one.
 * Connections on a Unix socket all have the same.
 */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
