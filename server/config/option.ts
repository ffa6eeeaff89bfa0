/** An option of a program: a row of the table that flags, variables and `--help` are read from. */
import type { Kind } from './kinds.ts'

/** One row of a table. Its flag is `--` and the name of the row. */
export interface Option<T> {
  /** The environment variable that sets the option if the flag does not. */
  readonly env: string
  readonly kind: Kind<T>
  readonly default: T
  /** What the option is for, in one line. */
  readonly help: string
  /** The options of `createApp` that it sets, as paths: `listen.http2.resetBurst`. Default: none; `serve` reads it. */
  readonly sets?: readonly string[]
  /** Whether the value must not be printed. Default: false. */
  readonly isSecret?: boolean
  /** Whether it has no default and must be set. Default: false. */
  readonly isRequired?: boolean
}

/** Rows by the name of their option. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>

/** Makes a row, with the kind of its value. */
export function option<const T>(row: Option<T>): Option<T> {
  return row
}
