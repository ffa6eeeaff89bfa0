/** Reads and writes the header fields in which clients state their timeout. */

/** The units of `grpc-timeout`, in milliseconds. */
const GRPC_UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }
/** The same by character code. */
const MS_BY_CODE = new Map(Object.entries(GRPC_UNIT_MS).map(([unit, ms]) => [unit.charCodeAt(0), ms]))

const FINEST_FIRST = Object.entries(GRPC_UNIT_MS).sort(([, a], [, b]) => a - b)
const MAX_GRPC_DIGITS = 99_999_999

/** Digits and the unit. */
const MAX_GRPC_CHARS = 9
const DIGIT_0 = 0x30
const SERVER_TIMEOUT = /^\d{1,9}(?:\.\d{1,9})?$/
const CONNECT_TIMEOUT = /^\d{1,10}$/

/**
 * Reads a `grpc-timeout` value.
 *
 * @returns milliseconds, with fractions; undefined for an invalid value
 */
export function parseGrpcTimeout(value: string): number | undefined {
  const digits = value.length - 1
  if (digits < 1 || value.length > MAX_GRPC_CHARS) return undefined
  // A loop takes a tenth of the time of a regular expression.
  let count = 0
  for (let i = 0; i < digits; i++) {
    const digit = value.charCodeAt(i) - DIGIT_0
    if (digit < 0 || digit > 9) return undefined
    count = count * 10 + digit
  }
  const unitMs = MS_BY_CODE.get(value.charCodeAt(digits))
  return unitMs === undefined ? undefined : count * unitMs
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
