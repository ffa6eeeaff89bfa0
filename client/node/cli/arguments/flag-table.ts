/** Describes the flags of a command, once, for reading them and for the help. */

/** A flag of a command. Its long name is its key in the table. */
export interface Flag {
  /** Whether it takes a value. */
  readonly type: 'string' | 'boolean'
  /** One letter, for `-x`. */
  readonly short?: string
  /** May be given more than once. */
  readonly multiple?: boolean
  /** What the help shows for its value, as in `--limit N`. */
  readonly placeholder?: string
  /** The environment variable that stands in for it when it is absent. */
  readonly env?: string
  /** What it does, with unit and default, in less than a line. */
  readonly help: string
}

/** The flags of a command, by their long names. */
export type FlagTable = Readonly<Record<string, Flag>>

/** Every command has it. */
export const helpFlag = {
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies FlagTable
