/** Lets the calls of `app.inject()` be answered where all others leave the port before Fastify sees them. */
import { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CollectedRoutes } from '../rpc/collect-routes.ts'
import type { LaneOptions } from '../rpc/lane.ts'
import { mountReferenceLane } from './reference-lane.ts'

/** Mounts the routes for tests that inject requests; to everybody else they are not there. */
export async function mountInjectedCalls(
  scope: FastifyInstance,
  routes: CollectedRoutes,
  options: LaneOptions,
): Promise<void> {
  scope.addHook('onRequest', hideFromWire)
  await mountReferenceLane(scope, routes, options)
}

/** Fastify decodes paths before it looks them up: what came by wire and got here only looks like the path of a method. */
async function hideFromWire({ raw }: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (!(raw instanceof IncomingMessage)) return undefined
  reply.callNotFound()
  return reply
}
