/** Ends a server politely: stop being picked, stop accepting, let calls finish. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** What the drain turns off first. */
export interface Servable {
  /** Turns every health entry NOT_SERVING, for good. */
  shutdown(): void
}

/** What a drain needs to know. */
export interface DrainOptions {
  readonly health: Servable
  /**
   * How long to keep accepting calls after health says NOT_SERVING, in milliseconds: balancers need a moment to notice.
   * Default 0.
   */
  readonly delayMs?: number
}

/**
 * Drains in the order that balancers need: health first, then the delay, then the listener and GOAWAY; calls that have begun
 * go on until the port's own drain timeout. Settles once the last connection has ended.
 */
export async function drain(app: FastifyInstance, { health, delayMs = 0 }: DrainOptions): Promise<void> {
  health.shutdown()
  if (delayMs > 0) await sleep(delayMs)
  await app.close()
}
