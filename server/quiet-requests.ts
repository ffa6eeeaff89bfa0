/** Keeps Fastify from logging requests that the access log has a line for. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Fastify's object for its own log lines, which it looks up on the scope of a route. */
interface LogController {
  incomingRequest(request: FastifyRequest, reply: FastifyReply): void
  requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void
}

/**
 * Drops the lines "incoming request" and "request completed" in a scope. All other lines, and those of hooks, stay.
 *
 * @param isLogged whether the access log has a line for a request
 */
export function quietRequests(scope: FastifyInstance, isLogged: (request: FastifyRequest) => boolean): void {
  const key = logControllerKey(scope)
  if (key === undefined) return
  const fastifys: LogController = Reflect.get(scope, key)
  const quiet: LogController = {
    incomingRequest(request, reply) {
      if (!isLogged(request)) fastifys.incomingRequest(request, reply)
    },
    requestCompleted(error, request, reply) {
      if (!isLogged(request)) fastifys.requestCompleted(error, request, reply)
    },
  }
  Object.defineProperty(scope, key, { value: Object.assign(Object.create(fastifys), quiet) })
}

/** Fastify has no public way to change it for one scope. A version without it logs these lines too. */
function logControllerKey(scope: object): symbol | undefined {
  for (let at: object | null = scope; at !== null; at = Object.getPrototypeOf(at)) {
    const key = Object.getOwnPropertySymbols(at).find(({ description }) => description === 'fastify.logController')
    if (key !== undefined) return key
  }
  return undefined
}
