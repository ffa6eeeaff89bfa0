/** Serves routes on the native lane over our own HTTP/2, on a local port, without Fastify. */
import { createServer } from 'node:net'
import type { ConnectRouter } from '@connectrpc/connect'
import { Http2Exchange } from '../../server/rpc/exchange/http2-exchange.ts'
import type { NativeLaneOptions } from '../../server/rpc/native-lane.ts'
import {
  createServerSession,
  type Http2Options,
  type Http2Session,
  normalizeHttp2Options,
  RouteMemo,
} from '../../wire/http2/http2.ts'
import { createObservedLane, type ObservedEnd } from './observed-lane.ts'
import { startListening } from './start-listening.ts'

/** What a test can set; the rest has the widest limits. */
export interface NativeServerOptions {
  readonly lane?: Partial<NativeLaneOptions>
  readonly http2?: Http2Options
  /** Default: any free port. */
  readonly port?: number
  /** Default: 127.0.0.1. */
  readonly host?: string
}

/** A listening server. */
export interface NativeServer {
  readonly port: number
  /** `http://HOST:PORT` */
  readonly origin: string
  /** The outcomes of requests, in order of their end. */
  readonly ends: readonly ObservedEnd[]
  /** The logged errors. */
  readonly faults: readonly object[]
  readonly sessions: ReadonlySet<Http2Session>
  /** Cuts remaining connections, and settles once the port is free. */
  close(): Promise<void>
}

/** Listens before it returns. Each test closes what it starts. */
export async function startNativeServer(
  routes: (router: ConnectRouter) => void,
  options: NativeServerOptions = {},
): Promise<NativeServer> {
  const { lane, ends, faults } = createObservedLane(routes, options.lane)
  const http2 = normalizeHttp2Options('server', { routes: new RouteMemo(lane.paths), ...options.http2 })
  const sessions = new Set<Http2Session>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const { remoteAddress = '', remotePort = 0 } = socket
    const peer = `${remoteAddress}:${remotePort}`
    const connection = { remoteAddress, remotePort, peer, isEncrypted: false, httpVersion: '2' } as const
    const session = createServerSession(socket, http2, {
      onRequest: (stream, head) => lane.accept(new Http2Exchange(stream, head, connection)),
      onFault: (_session, error) => faults.push({ err: error }),
      onClose: (closed) => sessions.delete(closed),
    })
    sessions.add(session)
    session.start()
  })
  const { host = '127.0.0.1' } = options
  const { port, close } = await startListening(server, { port: options.port ?? 0, host })
  return { port, origin: `http://${host}:${port}`, ends, faults, sessions, close }
}
