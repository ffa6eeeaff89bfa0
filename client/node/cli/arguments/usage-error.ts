/** What a person typed cannot be done as typed. */

/** Thrown for wrong arguments; its message is one sentence for the person at the terminal. The program ends with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
