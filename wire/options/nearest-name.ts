/** Finds the name that was probably meant by a mistyped one. */

/**
 * Returns the candidate with the fewest typing slips from `name`: letters added, lost, changed or swapped.
 *
 * @returns undefined if none is within two slips, or one slip per three letters of a long name, and never more than half of its
 *   letters
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined
  let fewest = mostSlips(name.length) + 1
  for (const candidate of candidates) {
    const slips = countSlips(name, candidate)
    if (slips < fewest) [nearest, fewest] = [candidate, slips]
  }
  return nearest
}

/** The most slips that still leave the same word. */
function mostSlips(length: number): number {
  return Math.max(Math.min(2, Math.floor(length / 2)), Math.floor(length / 3))
}

/** Computes the optimal string alignment distance, row by row: each row has the distances from a prefix of `from`. */
function countSlips(from: string, to: string): number {
  let twoBack: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(twoBack, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    twoBack = previous
    previous = current
  }
  return at(previous, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
