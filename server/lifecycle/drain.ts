/** Drains a server: it stops being picked by balancers, stops accepting connections, and lets calls finish. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** The part of the health registry that a drain needs. */
export interface Servable {
  /** Sets every service to NOT_SERVING, permanently. */
  shutdown(): void
}

/** The options of a drain. */
export interface DrainOptions {
  readonly health: Servable
  /**
   * How long to accept calls after health says NOT_SERVING, in milliseconds, so that balancers notice. Default 0.
   */
  readonly delayMs?: number
}

/**
 * Drains in the order that balancers need: health, the delay, then the listener and GOAWAY. Calls in flight may finish until the
 * drain timeout of the port. Resolves when the last connection has closed.
 */
export async function drain(app: FastifyInstance, { health, delayMs = 0 }: DrainOptions): Promise<void> {
  health.shutdown()
  if (delayMs > 0) await sleep(delayMs)
  await app.close()
}
