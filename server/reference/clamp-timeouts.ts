/** Keeps deadlines within what a timer can hold: upstream's would overflow, and fire at once. */
import type { onRequestAsyncHookHandler } from 'fastify'
import { parseConnectTimeout, parseGrpcTimeout } from '../../wire/timeout-header.ts'

/** Eight digits are the most that `grpc-timeout` has. */
const MAX_GRPC_COUNT = 99_999_999

/** Makes an `onRequest` hook for calls: headers that state a longer deadline state the limit from then on. */
export function clampTimeouts(maxTimeoutMs: number): onRequestAsyncHookHandler {
  return async function onRequestClampTimeouts({ raw: { headers } }) {
    for (const [name, clamp] of CLAMPS) {
      const value = headers[name]
      const clamped = typeof value === 'string' ? clamp(value, maxTimeoutMs) : undefined
      if (clamped !== undefined) headers[name] = clamped
    }
  }
}

/**
 * Clamps a `grpc-timeout` value (gRPC over HTTP/2, Timeout: 1 to 8 digits and a unit).
 *
 * @returns the value to use instead, or undefined where the value is within the limit or is not a timeout at all
 */
export function clampGrpcTimeout(value: string, maxTimeoutMs: number): string | undefined {
  return (parseGrpcTimeout(value) ?? 0) > maxTimeoutMs ? asGrpcTimeout(maxTimeoutMs) : undefined
}

/**
 * Clamps a `connect-timeout-ms` value (Connect protocol: 1 to 10 digits, milliseconds).
 *
 * @returns the value to use instead, or undefined where the value is within the limit or is not a timeout at all
 */
export function clampConnectTimeout(value: string, maxTimeoutMs: number): string | undefined {
  return (parseConnectTimeout(value) ?? 0) > maxTimeoutMs ? String(maxTimeoutMs) : undefined
}

const CLAMPS = [
  ['grpc-timeout', clampGrpcTimeout],
  ['connect-timeout-ms', clampConnectTimeout],
] as const

/** Milliseconds while they fit, else seconds, rounded down: no longer than the limit. */
function asGrpcTimeout(timeoutMs: number): string {
  return timeoutMs <= MAX_GRPC_COUNT ? `${timeoutMs}m` : `${Math.floor(timeoutMs / 1_000)}S`
}
