/** How long the page waits before it asks a server again that was away. */

const FIRST_MS = 1_000
const LONGEST_MS = 15_000

/** Returns the wait after a number of failures before the latest one, in milliseconds. */
export function retryDelayMs(failures: number): number {
  return Math.min(FIRST_MS * 2 ** failures, LONGEST_MS)
}
