/** Tells whether Fastify has a route for a request that the plugin does not serve, without running anything. */
import type { FastifyInstance } from 'fastify'

/** Whether a route matches a request by method and path. Constraints are not checked. */
export function hasRoute(app: FastifyInstance, method: string, path: string): boolean {
  // Method names are case-sensitive (RFC 9110 section 9.1), which Fastify ignores here.
  if (method !== method.toUpperCase() || !isDecodable(path)) return false
  return app.findRoute({ method: method as 'POST', url: path }) !== null
}

/**
 * Whether Fastify would choose another route than `url` for a request that matches it. That can only be so if `url` ends in a wildcard,
 * as no two routes are equal; Fastify then captures less by a longer one, or nothing by that name.
 */
export function hasOtherRoute(
  app: FastifyInstance,
  { method, path, url }: { readonly method: string; readonly path: string; readonly url: string },
): boolean {
  if (!url.endsWith('*') || !isDecodable(path)) return false
  // Its type leaves out that it may find nothing.
  const found = app.findRoute({ method: method as 'GET', url: path }) as { params: Record<string, unknown> } | null
  return found !== null && found.params['*'] !== decoded(path.slice(url.length - 1))
}

/** Fastify rejects undecodable paths itself, but its router reports a route for them. */
function isDecodable(path: string): boolean {
  try {
    decoded(path)
    return true
  } catch {
    return false
  }
}

/** Most paths have no escapes, and decoding costs as much as routing. */
function decoded(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text
}
