/** Which calls may fail when a server is lost, and which may not. */
import type { LoggedCall } from './call-log.ts'

/** A server that was lost without a GOAWAY. */
export interface Loss {
  readonly address: string
  readonly atMs: number
  /** When clients had stopped picking it. */
  readonly foundAtMs: number
}

/**
 * Returns the calls that failed and should not have.
 *
 * Without retries a call in progress on a lost server may fail with UNAVAILABLE. With retries (the policy names
 * UNAVAILABLE) it may fail only if the server had begun to respond, which is when an attempt is committed (gRFC A6).
 */
export function unexcusedFailures(calls: readonly LoggedCall[], losses: readonly Loss[], retry: boolean): LoggedCall[] {
  return calls.filter((call) => call.outcome !== 'OK' && !(isOfLoss(call, losses) && (!retry || isCommitted(call))))
}

function isOfLoss({ outcome, peer, startedAtMs, endedAtMs }: LoggedCall, losses: readonly Loss[]): boolean {
  return losses.some(
    ({ address, atMs, foundAtMs }) =>
      outcome === 'Unavailable' && peer === address && endedAtMs >= atMs && startedAtMs <= foundAtMs,
  )
}

function isCommitted({ isServerStreaming, hasReceived }: LoggedCall): boolean {
  return isServerStreaming && hasReceived
}
