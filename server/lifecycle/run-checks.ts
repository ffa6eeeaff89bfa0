/** Runs the health checks of a server while it is open. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'

/** The part of the health registry that runs checks. */
export interface CheckedHealth {
  /** @returns a function that stops the checks */
  startChecks(log: FastifyBaseLogger): () => void
}

/**
 * Starts the checks once everything else is ready, and stops them before the server closes: what they ask may be released then, and
 * must not be reported as failed.
 */
export function runChecks(app: FastifyInstance, health: CheckedHealth): void {
  let stop: (() => void) | undefined
  app.addHook('onReady', async () => {
    stop = health.startChecks(app.log)
  })
  app.addHook('preClose', async () => stop?.())
}
