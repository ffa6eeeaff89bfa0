/** Describes commands and their flags, for the parser, the help and shell completion. */

/** A flag of a command. Its long name is its key in the table. */
export interface Flag {
  /** Whether it takes a value. */
  readonly type: 'string' | 'boolean'
  /** One letter, for `-x`. */
  readonly short?: string
  /** Whether it may be repeated. */
  readonly multiple?: boolean
  /** What the help shows for its value, as in `--limit N`. `FILE` and `DIR` complete to paths. */
  readonly placeholder?: string
  /** The values that it may have, for completion. Default: any. */
  readonly choices?: readonly string[]
  /** The environment variable that is read if it is absent. */
  readonly env?: string
  /** What it does, with unit and default, in less than a line. */
  readonly help: string
}

/** The flags of a command, by their long names. */
export type FlagTable = Readonly<Record<string, Flag>>

/** The flag that every command has. */
export const helpFlag = {
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies FlagTable

/** Describes a command. */
export interface CommandOutline {
  /** The word that selects it. */
  readonly name: string
  /** What follows the name: `NAME`, or `[NAME]` if it is optional. */
  readonly operands: readonly string[]
  /** The values that one of its operands may have. Default: any. */
  readonly operandChoices?: readonly string[]
  /** What it does, in less than a line. */
  readonly summary: string
  /** More about it, over several lines. */
  readonly description?: string
  readonly flags: FlagTable
}
