/** Splits a text that arrives in parts into its lines. */

/** Lines may end with LF, CR LF, or CR. */
export class LineSplitter {
  readonly #decoder = new TextDecoder()
  #rest = ''

  /** Returns the lines that have ended. */
  feed(octets: Uint8Array): readonly string[] {
    this.#rest += this.#decoder.decode(octets, { stream: true })
    // Whether a CR at the end belongs to a CR LF is known with the next part.
    const end = this.#rest.endsWith('\r') ? this.#rest.length - 1 : this.#rest.length
    const lines = this.#rest.slice(0, end).split(/\r\n|\n|\r/)
    this.#rest = `${lines.pop() ?? ''}${this.#rest.slice(end)}`
    return lines
  }

  /** Returns the last line, if it has no end. */
  finish(): readonly string[] {
    const rest = `${this.#rest}${this.#decoder.decode()}`.replace(/\r$/, '')
    this.#rest = ''
    return rest === '' ? [] : [rest]
  }
}
