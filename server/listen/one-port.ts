/** Gives Fastify one port for gRPC, gRPC-Web, Connect and ordinary HTTP. */
import type { FastifyServerFactory, FastifyServerOptions } from 'fastify'
import { readTrustProxy } from '../observing/client-address.ts'
import type { PortLog } from '../observing/port-log.ts'
import { refuseServerOptions } from './fastify-options.ts'
import type { NodeHandler } from './node-exchange.ts'
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
