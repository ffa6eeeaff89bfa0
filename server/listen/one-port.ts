/** One port for gRPC, gRPC-Web, Connect and ordinary HTTP, as options of Fastify. */
import type { FastifyServerFactory, FastifyServerOptions } from 'fastify'
import { readTrustProxy } from '../observing/client-address.ts'
import type { PortLog } from '../observing/port-log.ts'
import type { NodeHandler } from '../rpc/exchange/node-request.ts'
import { thisWorker } from '../workers/contracts/this-worker.ts'
import { normalizeOnePortOptions, type OnePortOptions } from './one-port-options.ts'
import { OnePortServer } from './one-port-server.ts'
import { PortCalls } from './port-calls.ts'

/** The options of Fastify that `onePort` sets. */
export interface OnePortFastifyOptions {
  /** Creates the server that listens. */
  readonly serverFactory: FastifyServerFactory
  /** Off, because the port itself answers requests while it closes, in the protocol of the caller. */
  readonly return503OnClosing: false
}

/** Makes Fastify report https. */
const ANNOUNCED = Object.freeze({})

/**
 * Makes Fastify serve everything on one port: TLS (if configured), HTTP/2 by prior knowledge or ALPN, and HTTP/1.1. The
 * first bytes of a connection tell which.
 *
 *     const app = fastify({ ...onePort(), logger: true })
 *
 * @throws RangeError that names every invalid or unknown option; `fastify` throws one for its own options that would
 *   have no effect, such as `https`
 */
export function onePort(options: OnePortOptions = {}): OnePortFastifyOptions {
  const resolved = normalizeOnePortOptions(options)
  return {
    return503OnClosing: false,
    serverFactory(handler, fastifyOptions) {
      if (fastifyOptions.https !== ANNOUNCED) refuseServerOptions(fastifyOptions)
      // Fastify only takes the scheme from it: for the line that it logs, the result of `listen`, and
      // `listeningOrigin`.
      if (resolved.tls !== undefined) Object.assign(fastifyOptions, { https: ANNOUNCED })
      const calls = new PortCalls()
      calls.mayRewrite = fastifyOptions.rewriteUrl !== undefined
      calls.trustProxy = readTrustProxy(fastifyOptions.trustProxy as FastifyServerOptions['trustProxy'])
      const server = new OnePortServer(resolved, handler as unknown as NodeHandler, {
        calls,
        log: fastifyOptions.logger as unknown as PortLog,
        worker: thisWorker(),
        leavesClientErrors: hasOwnClientErrorHandler(fastifyOptions),
      })
      return server as unknown as ReturnType<FastifyServerFactory>
    },
  }
}

/** Fastify sets a default handler of this name. The port's own answers are better than that. */
function hasOwnClientErrorHandler({ clientErrorHandler }: Readonly<Record<string, unknown>>): boolean {
  return typeof clientErrorHandler === 'function' && clientErrorHandler.name !== 'defaultClientErrorHandler'
}

/** Options of Fastify that have no effect with a port, with Fastify's defaults (which it fills in) and what to use. */
const ROWS: readonly (readonly [name: string, fallback: unknown, advice: string])[] = [
  ['https', null, 'use onePort({ tls: { cert, key } })'],
  ['http2', false, 'leave it out, as onePort answers HTTP/2 and HTTP/1.1'],
  ['http', null, 'use the options of onePort'],
  ['keepAliveTimeout', 72_000, 'use onePort({ keepAliveTimeoutMs })'],
  ['requestTimeout', 0, 'use onePort({ requestTimeoutMs })'],
  ['connectionTimeout', 0, 'use onePort({ stallTimeoutMs, idleTimeoutMs })'],
  ['http2SessionTimeout', 72_000, 'use onePort({ idleTimeoutMs })'],
  ['maxRequestsPerSocket', 0, 'leave it out, as onePort limits what runs on a connection at once'],
]

/**
 * Refuses options that would have no effect with `onePort`.
 *
 * @throws RangeError that names each, and what to use instead
 */
function refuseServerOptions(options: Readonly<Record<string, unknown>>): void {
  const faults: string[] = []
  for (const [name, fallback, advice] of ROWS) {
    const value = options[name] ?? fallback
    if (value !== fallback && value !== false) faults.push(`${name} has no effect beside onePort: ${advice}`)
  }
  if (faults.length > 0) throw new RangeError(`fastify: ${faults.join('; ')}`)
}
