/** A cleartext HTTP/2 server that accepts calls and never responds. */
import { once } from 'node:events'
import { createServer, type Http2Stream, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A listening silent server. */
export interface SilentServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** Resolves with the first connection. */
  readonly nextSession: Promise<ServerHttp2Session>
  /** Resolves with the first call. */
  readonly nextStream: Promise<Http2Stream>
}

/** Starts it. At the end of the running test it waits for its client to disconnect. */
export async function startSilentServer(): Promise<SilentServer> {
  const server = createServer()
  const nextSession = new Promise<ServerHttp2Session>((resolve) => server.once('session', resolve))
  const nextStream = new Promise<Http2Stream>((resolve) => {
    server.once('stream', (stream) => {
      stream.on('error', () => {}) // Calls are expected to be cancelled.
      resolve(stream)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, nextSession, nextStream }
}
