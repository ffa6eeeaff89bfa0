/** Drains a server: it stops being picked by balancers, stops accepting connections, and lets calls finish. */
import type { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import type { Clock, ScheduledTimer } from '../../wire/http2/http2.ts'

/** The part of the health registry that a drain needs. */
export interface Servable {
  /** Sets every service to NOT_SERVING, permanently. */
  shutdown(): void
}

/** The options of a drain. */
export interface DrainOptions {
  readonly health: Servable
  /**
   * How long to accept calls after health says NOT_SERVING, in milliseconds, so that balancers notice. Ends earlier once no new
   * connection has come for a quarter of it, and at least a second. Default 0.
   */
  readonly delayMs?: number
  readonly clock: Clock
}

/** The part of the delay without a new connection after which it ends, as all balancers seem to have noticed. */
const QUIET_SHARE = 0.25
const LEAST_QUIET_MS = 1_000

/**
 * Drains in the order that balancers need: health, the delay, then the listener and GOAWAY. Calls in flight may finish until the
 * drain timeout of the port, which includes the delay. Resolves when the last connection has closed.
 */
export async function drain(app: FastifyInstance, options: DrainOptions): Promise<void> {
  const { health, delayMs = 0, clock } = options
  health.shutdown()
  if (delayMs > 0 && app.server.listening) await untilQuiet(app.server, delayMs, clock)
  await app.close()
}

/** Resolves after the delay, or when no new connection has come for a while. */
function untilQuiet(server: EventEmitter, delayMs: number, clock: Clock): Promise<void> {
  const quietMs = Math.max(LEAST_QUIET_MS, delayMs * QUIET_SHARE)
  const endsAtMs = clock.now() + delayMs
  let lastAtMs = clock.now()
  let timer: ScheduledTimer | undefined
  const onConnection = () => {
    lastAtMs = clock.now()
  }
  const { promise, resolve } = Promise.withResolvers<void>()
  server.on('connection', onConnection)
  function check(): void {
    const leftMs = Math.min(endsAtMs, lastAtMs + quietMs) - clock.now()
    if (leftMs <= 0) resolve()
    else timer = clock.schedule(check, leftMs)
  }
  server.once('close', resolve)
  check()
  return promise.finally(() => {
    timer?.cancel()
    server.off('connection', onConnection).off('close', resolve)
  })
}
