/** Something that was given to the program, or that it was sent, cannot be used. */

/** Thrown for bad request data and missing schemas; its message is for the person at the terminal. Ends with 1. */
export class InputError extends Error {
  override readonly name = 'InputError'
  /** Lines that follow the message, as a compiler has them. */
  readonly moreLines: readonly string[]

  constructor(message: string, options: ErrorOptions & { readonly moreLines?: readonly string[] } = {}) {
    super(message, options)
    this.moreLines = options.moreLines ?? []
  }
}
