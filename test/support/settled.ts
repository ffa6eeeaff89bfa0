/** Waits of tests whose time stands still: until nothing goes on by itself any more. */
/** Everything has happened that neither waits for time nor for the test: no such thing takes more turns than this. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
