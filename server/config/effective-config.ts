/** The options of a server that are in effect, as its operator may see them: without secrets. */
import { HIDDEN, shownValue } from './hide-secrets.ts'
import type { Option, OptionTable } from './option.ts'
import { leavesOf, valueAt } from './option-paths.ts'
import { optionTable } from './option-table.ts'

/** An option in effect. */
export interface EffectiveOption {
  readonly name: string
  readonly value: string
  readonly source: 'default' | 'code' | 'operator'
  readonly env: string
}

/** Where the values come from. */
export interface EffectiveSources {
  /** The options of the program and of the server, with the values in code as defaults. */
  readonly table: OptionTable
  readonly values: Readonly<Record<string, unknown>>
  /** The names of those that the command line or the environment has set. */
  readonly given: ReadonlySet<string>
  /** The options in code, without those that are shown in the table or not at all. */
  readonly code: object
}

/** Returns the options of a program, then those that only code can set. */
export function effectiveOptions({ table, values, given, code }: EffectiveSources): EffectiveOption[] {
  const rows = Object.entries(table).map(([name, row]): EffectiveOption => {
    const isChanged = row.default !== (optionTable as OptionTable)[name]?.default && Object.hasOwn(optionTable, name)
    const source = given.has(name) ? 'operator' : isChanged ? 'code' : 'default'
    return { name, value: textOf(name, row, values[name]), source, env: row.env }
  })
  return [...rows, ...codeOptions(code)]
}

/** Returns the options of a server that was made in code, by their paths. */
export function effectiveAppOptions(code: object): EffectiveOption[] {
  const rows = Object.values<Option<unknown>>(optionTable).flatMap((row) =>
    (row.sets ?? []).slice(0, 1).map((path): EffectiveOption => {
      const value = valueAt(code, path)
      if (value !== undefined) return { name: path, value: plainText(path, value), source: 'code', env: '' }
      return { name: path, value: textOf(path, row, row.default), source: 'default', env: '' }
    }),
  )
  return [...rows, ...codeOptions(code)]
}

const TABLE_PATHS = new Set(Object.values<Option<unknown>>(optionTable).flatMap(({ sets = [] }) => sets))

function codeOptions(code: object): EffectiveOption[] {
  return Array.from(leavesOf(code))
    .filter(([path]) => !TABLE_PATHS.has(path))
    .map(([name, value]) => ({ name, value: plainText(name, value), source: 'code', env: '' }))
}

function textOf(name: string, { kind, isSecret }: Option<unknown>, value: unknown): string {
  if (value === undefined) return ''
  // The path of a key is no secret, whatever the name of its option.
  return isSecret ? HIDDEN : shownValue(kind.placeholder === 'TEXT' ? name : '', kind.print(value))
}

/** Functions and objects have no short text. */
function plainText(name: string, value: unknown): string {
  const parts = Array.isArray(value) ? value : [value]
  const isPlain = parts.every((part) => ['boolean', 'number', 'string'].includes(typeof part))
  return isPlain ? shownValue(name, parts.join(',')) : 'set by the program'
}
