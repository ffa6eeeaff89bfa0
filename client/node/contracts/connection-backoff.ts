/** The backoff between connection attempts (gRPC Connection Backoff Protocol). */
import type { Backoff } from '../../core/backoff.ts'

/** The parameters of the protocol. A delay counts from the start of the failed attempt. */
export const CONNECTION_BACKOFF: Backoff = Object.freeze({
  initialMs: 1_000,
  maxMs: 120_000,
  multiplier: 1.6,
  jitter: 0.2,
})

/** Minimum time of an attempt, until the server's SETTINGS. */
export const MIN_CONNECT_TIMEOUT_MS = 20_000
