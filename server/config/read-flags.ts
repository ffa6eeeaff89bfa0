/** Reads the command line into text by option. */
import { nearestName } from '../../wire/options/nearest-name.ts'
import { type OptionName, optionNames, optionTable } from './option-table.ts'

/** What the command line says, not yet looked at by value. */
export interface Flags {
  /** The text of each option that was given. Of a flag given twice the last counts, lists are joined by commas. */
  readonly texts: ReadonlyMap<OptionName, string>
  /** What was asked for instead of running, if anything. */
  readonly request: 'help' | 'version' | null
  /** What could not be understood, a sentence each. */
  readonly faults: readonly string[]
}

const REQUESTS: ReadonlyMap<string, 'help' | 'version'> = new Map([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-v', 'version'],
])

/**
 * Takes the arguments apart: `--name value`, `--name=value`, and for switches `--name` and `--no-name`.
 *
 * @param argv the arguments after the program's name
 */
export function readFlags(argv: readonly string[]): Flags {
  const texts = new Map<OptionName, string>()
  const faults: string[] = []
  let request: Flags['request'] = null
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    request ??= REQUESTS.get(argument) ?? null
    if (REQUESTS.has(argument)) continue
    const flag = readFlag(argument, argv[index + 1])
    if (flag.takesNext) index++
    if ('fault' in flag) faults.push(flag.fault)
    else texts.set(flag.name, joined(texts, flag))
  }
  return { texts, request, faults }
}

/** One argument understood, or why not; `takesNext` tells that the argument after it belongs to it. */
type Flag = { readonly takesNext: boolean } & (
  | { readonly name: OptionName; readonly text: string }
  | { readonly fault: string }
)

function readFlag(argument: string, next: string | undefined): Flag {
  const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? []
  if (name === undefined) return { takesNext: false, fault: notAnOption(argument) }
  const negated = name.startsWith('no-') && inline === undefined ? name.slice('no-'.length) : ''
  if (isOption(negated) && isSwitch(negated)) return { takesNext: false, name: negated, text: 'false' }
  if (!isOption(name)) {
    const seemsToHaveValue = inline === undefined && next !== undefined && !next.startsWith('-')
    return { takesNext: seemsToHaveValue, fault: unknownFlag(name) }
  }
  if (isSwitch(name)) return { takesNext: false, name, text: inline ?? 'true' }
  if (inline !== undefined) return { takesNext: false, name, text: inline }
  if (next === undefined || next.startsWith('--')) {
    return { takesNext: false, fault: `--${name}: has no value; it must be ${optionTable[name].kind.expects}` }
  }
  return { takesNext: true, name, text: next }
}

function joined(texts: ReadonlyMap<OptionName, string>, flag: { name: OptionName; text: string }): string {
  const earlier = texts.get(flag.name)
  return optionTable[flag.name].kind.isList && earlier !== undefined ? `${earlier},${flag.text}` : flag.text
}

function notAnOption(argument: string): string {
  return `${JSON.stringify(argument)}: is no option; options start with "--"`
}

function unknownFlag(name: string): string {
  const names = [...optionNames, ...optionNames.filter(isSwitch).map((option) => `no-${option}`), 'help', 'version']
  const nearest = nearestName(name, names)
  return `--${name}: no such option${nearest === undefined ? '; --help lists them' : `; did you mean --${nearest}?`}`
}

function isOption(name: string): name is OptionName {
  return Object.hasOwn(optionTable, name)
}

function isSwitch(name: OptionName): boolean {
  return optionTable[name].kind.placeholder === null
}
