/** Reads the arguments of a command by its table of flags. */
import { parseArgs } from 'node:util'
import { nearestName } from '../../../../wire/options/nearest-name.ts'
import { UsageError } from '../terminal/program-errors.ts'
import type { FlagTable } from './flag-table.ts'

/** The values that a table of flags reads: absent flags are undefined, `multiple` ones are arrays. */
export type FlagValues<Table extends FlagTable> = Parsed<Table>['values']

/** What a command was given. */
export interface Arguments<Table extends FlagTable> {
  readonly values: FlagValues<Table>
  /** As many as the command asks for, in its order; optional ones may be missing at the end. */
  readonly operands: readonly string[]
}

type Parsed<Table extends FlagTable> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Table; allowPositionals: true; strict: true }>
>

type Tokens = ReturnType<
  typeof parseArgs<{ options: FlagTable; strict: false; tokens: true; allowPositionals: true }>
>['tokens']
type OptionToken = Extract<Tokens[number], { kind: 'option' }>

/**
 * Reads arguments.
 *
 * @param operandNames as the usage line shows them: `NAME`, or `[NAME]` for one that may be missing
 * @throws UsageError for an unknown flag (with the nearest name), a missing or needless value, and for too many or too
 *   few operands
 */
export function parseArguments<const Table extends FlagTable>(
  argv: readonly string[],
  table: Table,
  operandNames: readonly string[],
): Arguments<Table> {
  for (const token of tokensOf(argv, table)) {
    if (token.kind === 'option') assertFlag(token, table)
  }
  const { values, positionals } = parseArgs({ args: [...argv], options: table, allowPositionals: true, strict: true })
  assertOperands(positionals, operandNames)
  return { values, operands: positionals }
}

/** Whether help is asked for anywhere among the arguments, whatever else is wrong with them. */
export function asksForHelp(argv: readonly string[], table: FlagTable): boolean {
  return tokensOf(argv, table).some((token) => token.kind === 'option' && token.name === 'help')
}

function tokensOf(argv: readonly string[], table: FlagTable): Tokens {
  return parseArgs({ args: [...argv], options: table, allowPositionals: true, strict: false, tokens: true }).tokens
}

function assertFlag({ name, rawName, value, inlineValue }: OptionToken, table: FlagTable): void {
  const flag = Object.hasOwn(table, name) ? table[name] : undefined
  if (flag === undefined) throw new UsageError(`unknown flag ${rawName}${suggestion(name, table)}`)
  if (flag.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`)
    return
  }
  if (value === undefined) throw new UsageError(`${rawName} needs a value: ${rawName} ${flag.placeholder ?? 'VALUE'}`)
  if (!inlineValue && value.length > 1 && value.startsWith('-')) {
    throw new UsageError(
      `${rawName} needs a value, but ${value} looks like a flag: write --${name}=${value} to pass it`,
    )
  }
}

function suggestion(name: string, table: FlagTable): string {
  const nearest = nearestName(name, Object.keys(table))
  return nearest === undefined ? '' : `; did you mean --${nearest}?`
}

/**
 * Checks the number of operands.
 *
 * @param names as {@link parseArguments} takes them
 * @throws UsageError naming what is missing, or the first that is too many
 */
export function assertOperands(operands: readonly string[], names: readonly string[]): void {
  const required = names.filter((name) => !name.startsWith('['))
  const missing = required[operands.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing`)
  const needless = operands[names.length]
  if (needless !== undefined) throw new UsageError(`unexpected argument "${needless}"`)
}
