/** Gives Fastify one port for gRPC, gRPC-Web, Connect and ordinary HTTP. */
import type { FastifyServerFactory } from 'fastify'
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

/**
 * Makes Fastify listen with one port for everything: TLS (where configured), HTTP/2 by prior knowledge or ALPN, and
 * HTTP/1.1, told apart by their first bytes.
 *
 *     const app = fastify({ ...onePort(), logger: true })
 *
 * @throws RangeError that names every option out of its range
 */
export function onePort(options: OnePortOptions = {}): OnePortFastifyOptions {
  const resolved = normalizeOnePortOptions(options)
  // Fastify makes one server for each address of `localhost`. They open one by one and must close together.
  const siblings: OnePortServer[] = []
  const calls = new PortCalls()
  return {
    return503OnClosing: false,
    serverFactory(handler, { rewriteUrl }) {
      calls.mayRewrite ||= rewriteUrl !== undefined
      const server = new OnePortServer(resolved, handler as unknown as NodeHandler, calls)
      siblings.push(server)
      if (siblings[0] === server) server.once('draining', () => closeAll(siblings.slice(1)))
      return server as unknown as ReturnType<FastifyServerFactory>
    },
  }
}

function closeAll(servers: readonly OnePortServer[]): void {
  for (const server of servers) if (server.listening) server.close()
}
