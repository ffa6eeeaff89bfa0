/** Refusals of overloaded servers. */
import { Code, type ConnectError } from '@connectrpc/connect'
import { retryLater } from '../rpc/retry-later.ts'

/** Refusals are made in advance: an overloaded server has no time to build them. */
const VARIANTS = 16

/** The options of {@link pushback}. */
export interface PushbackOptions {
  readonly message: string
  /** When clients may try again, on average. */
  readonly retryAfterMs: number
  /** From 0 to 1, without 1. Default: `Math.random`. */
  readonly random?: () => number
}

/**
 * Creates refusals that differ in when clients may try again, from half of a delay to one and a half: clients that were refused together
 * should not return together.
 *
 * The code is UNAVAILABLE, as for calls that a gRPC client drops by its own limit (gRFC A32): another server, or this one in a moment,
 * can take the call.
 */
export function pushback({ message, retryAfterMs, random = Math.random }: PushbackOptions): () => ConnectError {
  const refusals = Array.from({ length: VARIANTS }, (_, index) => {
    const delayMs = retryAfterMs * (0.5 + index / (VARIANTS - 1))
    const refusal = retryLater({ code: Code.Unavailable, message, retryAfterMs: delayMs })
    // Frozen details are encoded once.
    Object.freeze(refusal.details)
    return refusal
  })
  return () => refusals[Math.floor(random() * VARIANTS)] as ConnectError
}
