/** A command as its help, its parser and shell completion see it. */
import type { FlagTable } from './flag-table.ts'

/** Describes a command. */
export interface CommandOutline {
  /** The word that selects it. */
  readonly name: string
  /** What follows the name: `NAME`, or `[NAME]` if it is optional. */
  readonly operands: readonly string[]
  /** The values that its only operand may have. Default: any. */
  readonly operandChoices?: readonly string[]
  /** What it does, in less than a line. */
  readonly summary: string
  /** More about it, over several lines. */
  readonly description?: string
  readonly flags: FlagTable
}
