/** Something that failed, and what to try. */

/** Wraps what was thrown; the program reports that, and then the hint. */
export class HintedError extends Error {
  override readonly name = 'HintedError'
  readonly hint: string

  constructor(thrown: unknown, hint: string) {
    super(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
    this.hint = hint
  }
}
