/** How much of its cases a suite runs: a narrow form in `npm test`, all of them in `npm run deep`. */

/** True in `npm run deep`. */
export const isDeep = process.env.TEST_DEPTH === 'deep'

/** Returns how often to repeat something at random: `few` times, or `many` in `npm run deep`. */
export function repetitions(few: number, many: number): number {
  return isDeep ? many : few
}

/**
 * Returns one row of each kind, or every row in `npm run deep`. Suites that run the same rows again pass another `turn`,
 * such as the index of their own case: the row of a kind changes with it, so that each row runs somewhere.
 */
export function oneOfEach<T>(rows: readonly T[], kindOf: (row: T) => string, turn = 0): readonly T[] {
  if (isDeep) return rows
  return [...Map.groupBy(rows, kindOf).values()].map((same) => same[turn % same.length] as T)
}
