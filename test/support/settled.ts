/** Waiting in tests with manual time. */

/** Resolves when everything has happened that waits neither for time nor for the test: nothing of that kind takes more turns. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
