/** TLS in front of a cleartext test server: the test chooses certificate and ALPN. */
import { connect } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { listenRaw } from './listen-raw.ts'

/** What a test sets: options of Node's TLS server, and where to listen. */
export interface TlsFrontOptions extends TlsOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
}

/** Forwards connections to a local port, and returns its own port. Closed when the running test ends. */
export function startTlsFront(backendPort: number, { host = '127.0.0.1', ...tls }: TlsFrontOptions): Promise<number> {
  const server = createServer({ allowHalfOpen: true, ...tls }, (socket) => {
    const backend = connect({ port: backendPort, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {}).once('close', () => backend.destroy())
    backend.on('error', () => {}).once('close', () => socket.destroy())
    socket.pipe(backend).pipe(socket)
  })
  server.on('tlsClientError', () => {})
  return listenRaw(server, { port: 0, host })
}
