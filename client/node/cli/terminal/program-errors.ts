/** The errors that the program itself throws. Their messages are for the user. */

/** Wrong arguments. The program exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Invalid request data, or a schema that is missing or invalid. The program exits with 1. */
export class InputError extends Error {
  override readonly name = 'InputError'
  /** Further lines of output, such as those of a compiler. */
  readonly moreLines: readonly string[]

  constructor(message: string, options: ErrorOptions & { readonly moreLines?: readonly string[] } = {}) {
    super(message, options)
    this.moreLines = options.moreLines ?? []
  }
}

/** A server that was asked for its health is not serving. The program exits with 4. */
export class NotServingError extends Error {
  override readonly name = 'NotServingError'
}

/** Adds a hint to an error. The program reports the error, then the hint. */
export class HintedError extends Error {
  override readonly name = 'HintedError'
  readonly hint: string

  constructor(thrown: unknown, hint: string) {
    super(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
    this.hint = hint
  }
}
