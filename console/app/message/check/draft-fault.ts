/** What is wrong with the text of a message, and where. */
import type { JsonPath, Span } from '../json/json-node.ts'

export interface DraftFault extends Span {
  /** Where in the message; what it names may be missing. */
  readonly path: JsonPath
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 code units. */
  readonly column: number
  /** A sentence for people. */
  readonly message: string
  /** An `error` keeps the message from being sent; after a `hint`, the server might refuse it. */
  readonly severity: 'error' | 'hint'
}
