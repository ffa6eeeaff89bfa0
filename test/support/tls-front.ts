/** TLS in front of a server of tests that speaks none: what a certificate or ALPN says is then the test's to choose. */
import { connect } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { listenRaw } from './listen-raw.ts'

/** What a test sets: the options of Node's TLS servers, and where to listen. */
export interface TlsFrontOptions extends TlsOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
}

/** Passes on what comes in to a port of this machine, and returns its own port. Closed when the running test ends. */
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
