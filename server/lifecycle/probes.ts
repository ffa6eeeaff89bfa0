/** The two HTTP probes: is the process alive, and should it get traffic. */
import type { FastifyInstance } from 'fastify'

/**
 * Adds `/livez`, which answers 200 as long as the process answers at all, and `/readyz`, which answers 503 once the server
 * drains. They are apart because an orchestrator restarts what is not live, and only leaves out what is not ready.
 */
export function addProbes(app: FastifyInstance, isServing: () => boolean): void {
  app.get('/livez', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    if (isServing()) return { status: 'ok' }
    return reply.code(503).send({ status: 'not serving' })
  })
}
