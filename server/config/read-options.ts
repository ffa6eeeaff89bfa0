/** Reads the values of options from the command line and the environment. */
import { formatDurationMs } from '../../wire/units.ts'
import type { OptionTable } from './option.ts'
import type { OptionValues } from './option-table.ts'
import { readEnvironment } from './read-environment.ts'
import { readFlags } from './read-flags.ts'

/** What the process is to do: run with these values, print a text and exit with 0, or print faults and exit with 2. */
export type OptionsResult =
  | { readonly kind: 'values'; readonly values: Readonly<Record<string, unknown>>; readonly given: ReadonlySet<string> }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }

/** Where options come from. */
export interface OptionsInput {
  /** The arguments after the name of the program. */
  readonly argv: readonly string[]
  /** The environment variables, usually `process.env`. */
  readonly env: NodeJS.ProcessEnv
  /** Whether the program turns on TLS itself, without these options. Default: false. */
  readonly hasOwnTls?: boolean
}

/** The longest part of a value that a fault repeats. */
const MAX_QUOTED_LENGTH = 100

/**
 * Reads each option from its flag, else its environment variable, else takes its default. `--help` and `--version` come
 * before any fault. Opens no files and changes nothing.
 *
 * @returns the values, frozen, and the names of those that were set; or all faults at once, each a line with the option, the value, its source and what it must be
 */
export function readOptions(table: OptionTable, { argv, env, hasOwnTls = false }: OptionsInput): OptionsResult {
  const flags = readFlags(table, argv)
  if (flags.request !== null) return { kind: flags.request }
  const environment = readEnvironment(table, env)
  const given = new Map<string, Given>()
  for (const [name, text] of environment.texts) given.set(name, { text, source: table[name]?.env ?? '' })
  for (const [name, text] of flags.texts) given.set(name, { text, source: 'the command line' })

  const { values, faults: valueFaults } = readValues(table, given)
  const joint = checkTogether(values, { table, given, hasOwnTls })
  const faults = [...flags.faults, ...environment.faults, ...valueFaults, ...joint]
  if (faults.length > 0) return { kind: 'faults', faults }
  return { kind: 'values', values: Object.freeze(values), given: new Set(given.keys()) }
}

/** The text of an option, and where it was set. */
interface Given {
  readonly text: string
  readonly source: string
}

/** Returns a value for each option without a fault. */
function readValues(
  table: OptionTable,
  given: ReadonlyMap<string, Given>,
): { values: Record<string, unknown>; faults: string[] } {
  const values: Record<string, unknown> = {}
  const faults: string[] = []
  for (const [name, option] of Object.entries(table)) {
    const { kind, env, isSecret = false, isRequired = false } = option
    const setting = given.get(name)
    if (setting === undefined) {
      if (isRequired) faults.push(`--${name}: missing; set it, or ${env}, to ${kind.expects}`)
      values[name] = option.default
      continue
    }
    const parsed = kind.parse(setting.text)
    if ('value' in parsed) values[name] = Object.freeze(parsed.value)
    else {
      const shown = isSecret ? '***' : quote(parsed.bad)
      faults.push(`--${name}: ${shown} (from ${setting.source}) must be ${kind.expects}`)
    }
  }
  return { values, faults }
}

interface Together {
  readonly table: OptionTable
  readonly given: ReadonlyMap<string, Given>
  readonly hasOwnTls: boolean
}

/** Checks the rules between options. An option whose own value has a fault counts as set, so that it causes one fault only. */
function checkTogether(values: Partial<OptionValues>, { table, given, hasOwnTls }: Together): string[] {
  const where = (name: string) =>
    `--${name} ${quote(given.get(name)?.text ?? '')} (from ${given.get(name)?.source ?? 'its default'})`
  const hasFiles = (name: string) => given.has(name) || String(table[name]?.default ?? '') !== ''
  const [hasCert, hasKey] = [hasFiles('tls-cert'), hasFiles('tls-key')]
  const faults: string[] = []
  if (hasCert && !hasKey) faults.push(`${where('tls-cert')} needs --tls-key`)
  if (hasKey && !hasCert) faults.push(`${where('tls-key')} needs --tls-cert`)
  for (const name of ['tls-ca', 'tls-passphrase-file', 'tls-min-version']) {
    if (given.has(name) && !hasCert && !hasKey) faults.push(`${where(name)} needs --tls-cert and --tls-key`)
  }
  const { 'tls-cert': certs = [], 'tls-key': keys = [] } = values
  if (certs.length > 0 && keys.length > 0 && certs.length !== keys.length) {
    faults.push(`--tls-cert names ${certs.length} files and --tls-key ${keys.length}: each certificate needs its key`)
  }
  if (given.has('cleartext') && values.cleartext === false && !hasCert && !hasKey && !hasOwnTls) {
    faults.push(`${where('cleartext')} needs --tls-cert and --tls-key: without TLS there is only cleartext`)
  }
  const { 'drain-delay': delayMs = 0, 'drain-timeout': drainMs = delayMs + 1 } = values
  if (delayMs > 0 && delayMs >= drainMs) {
    faults.push(
      `--drain-delay ${formatDurationMs(delayMs)} must be below --drain-timeout ${formatDurationMs(drainMs)}, which includes it`,
    )
  }
  const { 'header-timeout': headerMs = 0, 'request-timeout': requestMs = 0 } = values
  if (requestMs > 0 && headerMs > requestMs) {
    faults.push(
      `--header-timeout ${formatDurationMs(headerMs)} must not be above --request-timeout ${formatDurationMs(requestMs)}`,
    )
  }
  return faults
}

/** Quotes as JSON, so that no value breaks the line or controls a terminal. */
function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}...` : text)
}
