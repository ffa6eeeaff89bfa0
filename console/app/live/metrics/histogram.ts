/** Quantiles of histograms, as Prometheus computes them. */

/** A bucket of a histogram: how many values are at most `bound`. */
export interface Bucket {
  /** Infinite for the last one. */
  readonly bound: number
  readonly count: number
}

/**
 * Returns the value below which a share of all values is, interpolated within its bucket (`histogram_quantile` of Prometheus). In the last
 * bucket it is the highest finite bound. NaN for a histogram without values or without a last bucket.
 *
 * @param buckets by bound, with counts that include those of lower buckets
 * @param share from 0 to 1
 */
export function histogramQuantile(buckets: readonly Bucket[], share: number): number {
  const total = buckets.at(-1)?.count ?? 0
  if (!(total > 0) || buckets.at(-1)?.bound !== Number.POSITIVE_INFINITY || buckets.length < 2) return Number.NaN
  const rank = share * total
  const place = buckets.findIndex(({ count }) => count >= rank)
  const bucket = buckets[place] ?? { bound: 0, count: 0 }
  if (place === buckets.length - 1) return buckets[place - 1]?.bound ?? Number.NaN
  if (place === 0 && bucket.bound <= 0) return bucket.bound
  const { bound: from, count: below } = buckets[place - 1] ?? { bound: 0, count: 0 }
  const inside = bucket.count - below
  return inside === 0 ? bucket.bound : from + (bucket.bound - from) * ((rank - below) / inside)
}

/** Adds up buckets of several histograms, by their bounds. */
export function sumBuckets(buckets: Iterable<Bucket>): Bucket[] {
  const sums = new Map<number, number>()
  for (const { bound, count } of buckets) sums.set(bound, (sums.get(bound) ?? 0) + count)
  return [...sums].map(([bound, count]) => ({ bound, count })).sort((a, b) => a.bound - b.bound)
}
