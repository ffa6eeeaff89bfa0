/** Leads from the context of a call to the request that Fastify's hooks have seen. */
import { type ContextKey, createContextKey } from '@connectrpc/connect'
import type { FastifyRequest } from 'fastify'

/**
 * The Fastify request of a call: with `request.user`, `request.log` and whatever else hooks put there. Gates, interceptors and
 * handlers read it from `context.values`. Undefined for calls that no hook sees, which Fastify never gets.
 */
export const fastifyRequestKey: ContextKey<FastifyRequest | undefined> = createContextKey<FastifyRequest | undefined>(
  undefined,
  { description: 'portico: the Fastify request of the call' },
)
