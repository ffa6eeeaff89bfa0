/** Random numbers that are the same in every run. */

/** Makes a source of numbers from 0 to below 1, by a linear congruence modulo 2^32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
