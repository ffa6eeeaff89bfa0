/** How a command of the program looks from outside. */
import type { FlagTable } from './flag-table.ts'

/** What the help of a command tells, and what its arguments are read by. */
export interface CommandOutline {
  /** The word that calls it. */
  readonly name: string
  /** What follows the word: `NAME`, or `[NAME]` for what may be missing. */
  readonly operands: readonly string[]
  /** What it does, in less than a line. */
  readonly summary: string
  /** What else there is to know, over several lines. */
  readonly description?: string
  readonly flags: FlagTable
}
