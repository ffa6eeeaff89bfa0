/** Latencies of calls that were repeated. */

/** What is said of many durations. */
export interface Percentiles {
  readonly count: number
  readonly minMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Returns the percentiles by nearest rank; null for none. */
export function percentilesOf(durationsMs: readonly number[]): Percentiles | null {
  const sorted = durationsMs.toSorted((a, b) => a - b)
  const [minMs] = sorted
  const maxMs = sorted.at(-1)
  if (minMs === undefined || maxMs === undefined) return null
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? maxMs
  return { count: sorted.length, minMs, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs }
}
