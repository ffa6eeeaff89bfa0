/** Gives Fastify one port for gRPC, gRPC-Web, Connect and ordinary HTTP. */
import type { FastifyServerFactory, FastifyServerOptions } from 'fastify'
import { readTrustProxy } from '../observing/client-address.ts'
import type { PortLog } from '../observing/port-log.ts'
import type { NodeHandler } from '../rpc/exchange/node-request.ts'
import { normalizeOnePortOptions, type OnePortOptions } from './one-port-options.ts'
import { OnePortServer } from './one-port-server.ts'
import { PortCalls } from './port-calls.ts'

/** The part of Fastify's options that `onePort` fills in. */
export interface OnePortFastifyOptions {
  /** Makes the server that listens. */
  readonly serverFactory: FastifyServerFactory
  /** Off: the port itself answers what comes while it closes, in the caller's protocol. */
  readonly return503OnClosing: false
}

/** What makes Fastify announce https. */
const ANNOUNCED = Object.freeze({})

/**
 * Makes Fastify listen with one port for everything: TLS (where configured), HTTP/2 by prior knowledge or ALPN, and
 * HTTP/1.1, told apart by their first bytes.
 *
 *     const app = fastify({ ...onePort(), logger: true })
 *
 * @throws RangeError that names every option out of its range or unknown; `fastify` throws one for options of its own that
 *   would have no effect, as `https`
 */
export function onePort(options: OnePortOptions = {}): OnePortFastifyOptions {
  const resolved = normalizeOnePortOptions(options)
  return {
    return503OnClosing: false,
    serverFactory(handler, fastifyOptions) {
      if (fastifyOptions.https !== ANNOUNCED) refuseServerOptions(fastifyOptions)
      // Fastify reads nothing but the scheme from it: that of the line it logs, of what `listen` returns, and of `listeningOrigin`.
      if (resolved.tls !== undefined) Object.assign(fastifyOptions, { https: ANNOUNCED })
      const calls = new PortCalls()
      calls.mayRewrite = fastifyOptions.rewriteUrl !== undefined
      calls.trustProxy = readTrustProxy(fastifyOptions.trustProxy as FastifyServerOptions['trustProxy'])
      const server = new OnePortServer(resolved, handler as unknown as NodeHandler, {
        calls,
        log: fastifyOptions.logger as unknown as PortLog,
        leavesClientErrors: hasOwnClientErrorHandler(fastifyOptions),
      })
      return server as unknown as ReturnType<FastifyServerFactory>
    },
  }
}

/** Fastify fills in a default of this name, where the port knows better answers. */
function hasOwnClientErrorHandler({ clientErrorHandler }: Readonly<Record<string, unknown>>): boolean {
  return typeof clientErrorHandler === 'function' && clientErrorHandler.name !== 'defaultClientErrorHandler'
}

/** Fastify's option, its default, and what says the same to a port. Fastify fills the defaults in. */
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
 * Refuses options that would have no effect beside `onePort`.
 *
 * @throws RangeError that names each, and what to use
 */
export function refuseServerOptions(options: Readonly<Record<string, unknown>>): void {
  const faults: string[] = []
  for (const [name, fallback, advice] of ROWS) {
    const value = options[name] ?? fallback
    if (value !== fallback && value !== false) faults.push(`${name} has no effect beside onePort: ${advice}`)
  }
  if (faults.length > 0) throw new RangeError(`fastify: ${faults.join('; ')}`)
}
