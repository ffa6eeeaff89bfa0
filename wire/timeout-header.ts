/** Reads and writes the headers in which callers state their deadline. */

/** How long each unit of `grpc-timeout` is, in milliseconds. */
const GRPC_UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }

const FINEST_FIRST = Object.entries(GRPC_UNIT_MS).sort(([, a], [, b]) => a - b)
const MAX_GRPC_DIGITS = 99_999_999

const GRPC_TIMEOUT = /^(\d{1,8})([HMSmun])$/
const CONNECT_TIMEOUT = /^\d{1,10}$/

/**
 * Reads a `grpc-timeout` value, in milliseconds; fractions stay.
 *
 * @returns undefined where the value is not a timeout
 */
export function parseGrpcTimeout(value: string): number | undefined {
  const [, digits, unit] = GRPC_TIMEOUT.exec(value) ?? []
  return digits === undefined || unit === undefined ? undefined : Number(digits) * (GRPC_UNIT_MS[unit] ?? 0)
}

/**
 * Reads a `connect-timeout-ms` value.
 *
 * @returns undefined where the value is not a timeout
 */
export function parseConnectTimeout(value: string): number | undefined {
  return CONNECT_TIMEOUT.test(value) ? Number(value) : undefined
}

/**
 * Writes a `grpc-timeout` value: the finest unit that fits 8 digits, rounded up so that nobody gives up too early.
 *
 * @param timeoutMs above 0; what 8 digits of hours cannot say becomes the most that they can
 */
export function formatGrpcTimeout(timeoutMs: number): string {
  for (const [unit, unitMs] of FINEST_FIRST) {
    const count = Math.ceil(timeoutMs / unitMs)
    if (count <= MAX_GRPC_DIGITS) return `${count}${unit}`
  }
  return `${MAX_GRPC_DIGITS}H`
}
