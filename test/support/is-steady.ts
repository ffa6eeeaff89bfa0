/** Waits, by polling, until something no longer changes. */

/** Returns a function that says whether a number is the same as at the previous call. */
export function isSteady(read: () => number): () => boolean {
  let previous = Number.NaN
  return () => {
    const current = read()
    const isSame = current === previous
    previous = current
    return isSame
  }
}
