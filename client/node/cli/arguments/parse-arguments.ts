/** Parses the arguments of a command by its table of flags. */
import { parseArgs } from 'node:util'
import { nearestName } from '../../../../wire/options/nearest-name.ts'
import { UsageError } from '../terminal/program-errors.ts'
import type { FlagTable } from './flag-table.ts'

/** The values of the flags of a table: absent flags are undefined, `multiple` flags are arrays. */
export type FlagValues<Table extends FlagTable> = Parsed<Table>['values']

/** The parsed arguments of a command. */
export interface Arguments<Table extends FlagTable> {
  readonly values: FlagValues<Table>
  /** In the order of the usage line; optional ones at the end may be missing. */
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
 * Parses arguments.
 *
 * @param operandNames as in the usage line: `NAME`, or `[NAME]` if it is optional
 * @throws UsageError for an unknown flag (suggesting the nearest name), for a value that is missing or not expected, and for too many
 *   or too few operands
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

/** Whether the arguments contain `--help`, even if others are invalid. */
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
 * @param names as for {@link parseArguments}
 * @throws UsageError naming the first operand that is missing or not expected
 */
export function assertOperands(operands: readonly string[], names: readonly string[]): void {
  const required = names.filter((name) => !name.startsWith('['))
  const missing = required[operands.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing`)
  const needless = operands[names.length]
  if (needless !== undefined) throw new UsageError(`unexpected argument "${needless}"`)
}
