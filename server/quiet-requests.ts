/** Keeps Fastify from logging requests that the access log has a line for. */
import type { FastifyInstance } from 'fastify'

/** Fastify's object for its own log lines, which it looks up on the scope of a route. */
type LogController = Readonly<Record<'incomingRequest' | 'requestCompleted', () => void>>

/** Drops the lines "incoming request" and "request completed" in a scope. All other lines, and those of hooks, stay. */
export function quietRequests(scope: FastifyInstance): void {
  const key = logControllerKey(scope)
  if (key === undefined) return
  const quiet: LogController = { incomingRequest() {}, requestCompleted() {} }
  Object.defineProperty(scope, key, { value: Object.assign(Object.create(Reflect.get(scope, key)), quiet) })
}

/** Fastify has no public way to change it for one scope. A version without it logs these lines too. */
function logControllerKey(scope: object): symbol | undefined {
  for (let at: object | null = scope; at !== null; at = Object.getPrototypeOf(at)) {
    const key = Object.getOwnPropertySymbols(at).find(({ description }) => description === 'fastify.logController')
    if (key !== undefined) return key
  }
  return undefined
}
