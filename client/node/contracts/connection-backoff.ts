/** How long a subchannel waits between attempts (gRPC Connection Backoff Protocol). */
import type { Backoff } from '../../core/backoff.ts'

/** The numbers of the protocol. A wait counts from the start of the attempt that failed. */
export const CONNECTION_BACKOFF: Backoff = Object.freeze({
  initialMs: 1_000,
  maxMs: 120_000,
  multiplier: 1.6,
  jitter: 0.2,
})

/** The least time that an attempt gets, to the server's SETTINGS. */
export const MIN_CONNECT_TIMEOUT_MS = 20_000
