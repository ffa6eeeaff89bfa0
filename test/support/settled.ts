/** Waits of tests whose time stands still. */

/** Until all has happened that waits neither for time nor for the test: no such thing takes more turns than this. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
