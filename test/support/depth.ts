/** How many cases a suite runs: a subset in `npm test`, all in `npm run deep`. */

/** True in `npm run deep`. */
export const isDeep = process.env.TEST_DEPTH === 'deep'

/** Returns how often to repeat something random: `narrow` times, or `deep` times in `npm run deep`. */
export function repetitions({ narrow, deep }: { narrow: number; deep: number }): number {
  return isDeep ? deep : narrow
}

/**
 * Returns one row of each kind, or every row in `npm run deep`. The row moves on from kind to kind and from turn to turn:
 * a suite that passes the index of its own case as `turn` runs each row somewhere, and each kind everywhere.
 */
export function oneOfEach<T>(rows: readonly T[], kindOf: (row: T) => string, turn = 0): readonly T[] {
  if (isDeep) return rows
  return [...Map.groupBy(rows, kindOf).values()].map((same, at) => same[(turn + at) % same.length] as T)
}
