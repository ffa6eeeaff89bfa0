/** A sequence in which each index occurs in proportion to its weight, evenly spread (gRFC A58). */

/** The largest weight after scaling. */
const MAX_WEIGHT = 65_535

/** Offset between indices of equal weight, so that they do not occur in bunches. */
const OFFSET = 32_767

/** Length of the sequence, after which it repeats, so that numbers stay exact. */
const MAX_SEQUENCE = 2 ** 32

/**
 * Returns a function that returns the next index, in constant time on average. Its only state is a number.
 *
 * @param weights finite, from 0; a weight of 0 counts as the mean of the others, and at least one must be above 0
 * @param start the initial position in the sequence; from 0 to below 1
 */
export function createStaticStride(weights: readonly number[], start: number): () => number {
  const scaled = scale(weights)
  let sequence = Math.floor(start * MAX_SEQUENCE)
  return () => {
    for (;;) {
      const index = sequence % scaled.length
      const generation = Math.floor(sequence / scaled.length)
      sequence = (sequence + 1) % MAX_SEQUENCE
      const weight = scaled[index] ?? MAX_WEIGHT
      if ((weight * generation + index * OFFSET) % MAX_WEIGHT >= MAX_WEIGHT - weight) return index
    }
  }
}

/** Scales weights to the largest. No index becomes too light to occur. */
function scale(weights: readonly number[]): number[] {
  const heaviest = Math.max(...weights)
  const shares = weights.map((weight) => weight / heaviest)
  const known = shares.filter((share) => share > 0)
  const mean = known.reduce((sum, share) => sum + share, 0) / known.length
  return shares.map((share) => Math.max(1, Math.round((share > 0 ? share : mean) * MAX_WEIGHT)))
}
