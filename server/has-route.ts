/** Tells whether Fastify has a route for a request that the plugin does not serve, without running anything. */
import type { FastifyInstance } from 'fastify'

/** Whether a route matches a request by method and path. Constraints are not checked. */
export function hasRoute(app: FastifyInstance, method: string, path: string): boolean {
  // Method names are case-sensitive (RFC 9110 section 9.1), which Fastify ignores here.
  if (method !== method.toUpperCase() || !isDecodable(path)) return false
  return app.findRoute({ method: method as 'POST', url: path }) !== null
}

/** Fastify rejects undecodable paths itself, but its router reports a route for them. */
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
