/** Something that was given to the program, or that it was sent, cannot be used. */

/** Thrown for bad request data and missing schemas; its message is for the person at the terminal. Ends with 1. */
export class InputError extends Error {
  override readonly name = 'InputError'
}
