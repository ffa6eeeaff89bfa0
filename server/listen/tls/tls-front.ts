/** The TLS half of the port: a node:tls server that never listens itself. */
import type { Socket } from 'node:net'
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import type { PortLog } from '../../observing/port-log.ts'
import { CertificateStore } from './certificate-store.ts'
import type { ResolvedTlsOptions } from './tls-options.ts'

/** What a front needs of its port. */
export interface TlsFrontHost {
  readonly handshakeTimeoutMs: number
  readonly log: PortLog
  /** Takes over a connection that is secure. */
  onSecure(socket: TLSSocket, protocol: 'http2' | 'http1'): void
}

/** Does the handshake, and hands the decrypted connection on with what ALPN agreed on. */
export class TlsFront {
  readonly #server: Server
  readonly #certificates: CertificateStore
  /** Connections whose handshake is under way, by what both ends of them are. */
  readonly #handshakes = new Map<string, Socket>()

  /** @throws RangeError for certificates and keys that cannot be used */
  constructor(options: ResolvedTlsOptions, { handshakeTimeoutMs, log, onSecure }: TlsFrontHost) {
    this.#certificates = new CertificateStore(options, {
      log,
      // Connections that are open keep what they began with.
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
      // As before the handshake: HTTP decides what the end of input means.
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

  /** Reads certificates again when their files change, until `close`. */
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

  /** No call can have begun on connections that are not secure yet: they end at once. */
  drain(): void {
    for (const socket of this.#handshakes.values()) socket.destroy()
  }

  /** Nothing that a client names may throw in here (CVE-2026-21637): Node has no listener for that. */
  #chooseContext(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    done(null, this.#certificates.contextFor(name))
  }
}

/** The same for a connection and for the one within, which node:tls does not tell the other. All those of a Unix socket are alike. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
