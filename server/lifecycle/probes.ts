/** The HTTP probes for liveness and readiness. */
import type { FastifyInstance } from 'fastify'

/**
 * Adds `/livez`, which always answers 200, and `/readyz`, which answers 503 once the server drains. Orchestrators restart a process
 * that is not live, but only stop sending traffic to one that is not ready.
 */
export function addProbes(app: FastifyInstance, isServing: () => boolean): void {
  app.get('/livez', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    if (isServing()) return { status: 'ok' }
    return reply.code(503).send({ status: 'not serving' })
  })
}
