/** Tells whether Fastify routes a path, without running anything: for calls to what the plugin does not serve. */
import type { FastifyInstance } from 'fastify'

/** Whether a route of Fastify's takes such a request. What else a request must have, by constraints, is not looked at. */
export function hasRoute(app: FastifyInstance, method: string, path: string): boolean {
  // Verbs are written in one way only (RFC 9110 section 9.1), which Fastify overlooks here.
  if (method !== method.toUpperCase() || !isDecodable(path)) return false
  return app.findRoute({ method: method as 'POST', url: path }) !== null
}

/** Fastify has an answer of its own for other paths, which the router takes for a route. */
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
