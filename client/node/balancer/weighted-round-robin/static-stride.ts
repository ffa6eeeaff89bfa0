/** An order in which each index comes as often as its weight says, and evenly spread (gRFC A58). */

/** The weight of the heaviest. */
const MAX_WEIGHT = 65_535

/** Where indices of equal weight are apart in their generations, so that they do not come in bunches. */
const OFFSET = 32_767

/** After so many steps the sequence starts again: numbers stay exact. */
const MAX_SEQUENCE = 2 ** 32

/**
 * Makes a function that gives the next index. Constant time for each on average; no state but a number.
 *
 * @param weights from 0, and finite; a weight of 0 counts as the mean of the others, of which there must be one
 * @param start where in the sequence to begin; from 0 to below 1
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

/** None is so light that it never comes. Shares of the heaviest are from 0 to 1, however large the weights are. */
function scale(weights: readonly number[]): number[] {
  const heaviest = Math.max(...weights)
  const shares = weights.map((weight) => weight / heaviest)
  const known = shares.filter((share) => share > 0)
  const mean = known.reduce((sum, share) => sum + share, 0) / known.length
  return shares.map((share) => Math.max(1, Math.round((share > 0 ? share : mean) * MAX_WEIGHT)))
}
