/** Waiting in tests with manual time. */

/** Resolves when everything has run that waits neither for timers nor for the test, as none of it takes more turns. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
