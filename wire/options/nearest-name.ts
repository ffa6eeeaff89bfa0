/** Finds what somebody meant who mistyped a name. */

/**
 * The candidate with the fewest typing slips between it and `name`: letters added, lost, changed or swapped.
 *
 * @returns undefined when none is near, that is within two slips, or one in three letters of a long name, and never more than
 *   half of it
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

/** More slips than this make another word. */
function mostSlips(length: number): number {
  return Math.max(Math.min(2, Math.floor(length / 2)), Math.floor(length / 3))
}

/** Optimal string alignment: the rows of the table are the distances from each beginning of `from` to all of `to`. */
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
