/** Reads and writes the header fields in which clients state their timeout. */

/** The units of `grpc-timeout`, in milliseconds. */
const GRPC_UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }

const FINEST_FIRST = Object.entries(GRPC_UNIT_MS).sort(([, a], [, b]) => a - b)
const MAX_GRPC_DIGITS = 99_999_999

const GRPC_TIMEOUT = /^(\d{1,8})([HMSmun])$/
const SERVER_TIMEOUT = /^\d{1,9}(?:\.\d{1,9})?$/
const CONNECT_TIMEOUT = /^\d{1,10}$/

/**
 * Reads a `grpc-timeout` value.
 *
 * @returns milliseconds, with fractions; undefined for an invalid value
 */
export function parseGrpcTimeout(value: string): number | undefined {
  const [, digits, unit] = GRPC_TIMEOUT.exec(value) ?? []
  return digits === undefined || unit === undefined ? undefined : Number(digits) * (GRPC_UNIT_MS[unit] ?? 0)
}

/**
 * Reads a `connect-timeout-ms` value.
 *
 * @returns milliseconds; undefined for an invalid value
 */
export function parseConnectTimeout(value: string): number | undefined {
  return CONNECT_TIMEOUT.test(value) ? Number(value) : undefined
}

/**
 * Reads an `x-server-timeout` value, by which clients of Google's APIs state seconds, with fractions.
 *
 * @returns milliseconds; undefined for an invalid value
 */
export function parseServerTimeout(value: string): number | undefined {
  return SERVER_TIMEOUT.test(value) ? Number(value) * 1_000 : undefined
}

/**
 * Writes a `grpc-timeout` value in the finest unit that fits 8 digits, rounded up so that a server does not end the call too early.
 *
 * @param timeoutMs above 0; limited to 99,999,999 hours
 */
export function formatGrpcTimeout(timeoutMs: number): string {
  for (const [unit, unitMs] of FINEST_FIRST) {
    const count = Math.ceil(timeoutMs / unitMs)
    if (count <= MAX_GRPC_DIGITS) return `${count}${unit}`
  }
  return `${MAX_GRPC_DIGITS}H`
}
