/** Reads the command line into one text per option. */
import { nearestName } from '../../wire/options/nearest-name.ts'
import type { OptionTable } from './option.ts'

/** What the command line says; values are not checked yet. */
export interface Flags {
  /** The text of each option given. If a flag is repeated, the last one counts; lists are joined by commas. */
  readonly texts: ReadonlyMap<string, string>
  /** What to print instead of running, if anything. */
  readonly request: 'help' | 'version' | null
  /** One sentence per argument that was not understood. */
  readonly faults: readonly string[]
}

const REQUESTS: ReadonlyMap<string, 'help' | 'version'> = new Map([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-v', 'version'],
])

/**
 * Parses `--name value`, `--name=value`, and for switches `--name` and `--no-name`.
 *
 * @param argv the arguments after the name of the program
 */
export function readFlags(table: OptionTable, argv: readonly string[]): Flags {
  const texts = new Map<string, string>()
  const faults: string[] = []
  let request: Flags['request'] = null
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    request ??= REQUESTS.get(argument) ?? null
    if (REQUESTS.has(argument)) continue
    const flag = readFlag(table, argument, argv[index + 1])
    if (flag.takesNext) index++
    if ('fault' in flag) faults.push(flag.fault)
    else texts.set(flag.name, joined(table, texts, flag))
  }
  return { texts, request, faults }
}

/** One argument, or the reason it was not understood. With `takesNext`, the next argument is its value. */
type Flag = { readonly takesNext: boolean } & (
  | { readonly name: string; readonly text: string }
  | { readonly fault: string }
)

function readFlag(table: OptionTable, argument: string, next: string | undefined): Flag {
  const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? []
  if (name === undefined) return { takesNext: false, fault: notAnOption(argument) }
  const negated = name.startsWith('no-') && inline === undefined ? name.slice('no-'.length) : ''
  if (isSwitch(table, negated)) return { takesNext: false, name: negated, text: 'false' }
  if (!Object.hasOwn(table, name)) {
    const seemsToHaveValue = inline === undefined && next !== undefined && !next.startsWith('-')
    return { takesNext: seemsToHaveValue, fault: unknownFlag(table, name) }
  }
  if (isSwitch(table, name)) return { takesNext: false, name, text: inline ?? 'true' }
  if (inline !== undefined) return { takesNext: false, name, text: inline }
  if (next === undefined || next.startsWith('--')) {
    return { takesNext: false, fault: `--${name}: has no value; it must be ${table[name]?.kind.expects}` }
  }
  return { takesNext: true, name, text: next }
}

function joined(table: OptionTable, texts: ReadonlyMap<string, string>, flag: { name: string; text: string }): string {
  const earlier = texts.get(flag.name)
  return table[flag.name]?.kind.isList && earlier !== undefined ? `${earlier},${flag.text}` : flag.text
}

function notAnOption(argument: string): string {
  return `${JSON.stringify(argument)}: not an option; options start with "--"`
}

function unknownFlag(table: OptionTable, name: string): string {
  const names = Object.keys(table)
  const switches = names.filter((option) => isSwitch(table, option)).map((option) => `no-${option}`)
  const nearest = nearestName(name, [...names, ...switches, 'help', 'version'])
  return `--${name}: no such option${nearest === undefined ? '; --help lists them' : `; did you mean --${nearest}?`}`
}

function isSwitch(table: OptionTable, name: string): boolean {
  return Object.hasOwn(table, name) && table[name]?.kind.placeholder === null
}
