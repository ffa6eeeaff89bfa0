/** Turns command line and environment into the settings of the server. */

import { formatDurationMs } from '../../wire/units.ts'
import { version } from '../../wire/version.ts'
import { assembleConfig, type Config } from './config.ts'
import { helpText } from './help-text.ts'
import { type OptionName, type OptionValues, optionNames, optionTable } from './option-table.ts'
import { readEnvironment } from './read-environment.ts'
import { readFlags } from './read-flags.ts'

/** What the process is to do: run with a configuration, print a text and end well, or print faults and end with 2. */
export type ConfigResult =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }

/** The longest piece of a value that a fault repeats. */
const MAX_QUOTED_LENGTH = 100

/**
 * Reads each option from its flag, else from its environment variable, else takes its default. `--help` and `--version`
 * come before any fault. Opens no file and changes nothing.
 *
 * @param argv the arguments after the program's name
 * @param env the variables to read, usually process.env
 * @returns all faults at once, each a line that names the option, the value, where it came from and what it must be
 */
export function loadConfig(argv: readonly string[], env: NodeJS.ProcessEnv): ConfigResult {
  const flags = readFlags(argv)
  if (flags.request !== null) return { kind: 'text', text: flags.request === 'help' ? helpText() : version }
  const environment = readEnvironment(env)
  const given = new Map<OptionName, Given>()
  for (const [name, text] of environment.texts) given.set(name, { text, source: optionTable[name].env })
  for (const [name, text] of flags.texts) given.set(name, { text, source: 'the command line' })

  const { values, faults: valueFaults } = readValues(given)
  const faults = [...flags.faults, ...environment.faults, ...valueFaults, ...checkTogether(values, given)]
  return faults.length === 0 && isComplete(values)
    ? { kind: 'config', config: assembleConfig(values) }
    : { kind: 'faults', faults }
}

/** What was set for an option, and where. */
interface Given {
  readonly text: string
  readonly source: string
}

type Values = Partial<OptionValues>

/** A value for each option but for those with a fault. */
function readValues(given: ReadonlyMap<OptionName, Given>): { values: Values; faults: string[] } {
  const values: Record<string, unknown> = {}
  const faults: string[] = []
  for (const name of optionNames) {
    const { kind, default: fallback } = optionTable[name]
    const setting = given.get(name)
    const parsed = setting === undefined ? { value: fallback } : kind.parse(setting.text)
    if ('value' in parsed) values[name] = parsed.value
    else faults.push(`--${name}: ${quote(parsed.bad)} (from ${setting?.source}) must be ${kind.expects}`)
  }
  return { values, faults }
}

function isComplete(values: Values): values is OptionValues {
  return optionNames.every((name) => name in values)
}

/** The rules between options. One whose own value has a fault counts as set, so that no second fault hides the first. */
function checkTogether(values: Values, given: ReadonlyMap<OptionName, Given>): string[] {
  const faults: string[] = []
  const isSet = (name: OptionName) => given.has(name)
  const where = (name: OptionName) =>
    `--${name} ${quote(given.get(name)?.text ?? '')} (from ${given.get(name)?.source})`
  if (isSet('tls-cert') && !isSet('tls-key')) faults.push(`${where('tls-cert')} needs --tls-key`)
  if (isSet('tls-key') && !isSet('tls-cert')) faults.push(`${where('tls-key')} needs --tls-cert`)
  const hasTls = isSet('tls-cert') || isSet('tls-key')
  for (const name of ['tls-ca', 'tls-passphrase-file', 'tls-min-version'] as const) {
    if (isSet(name) && !hasTls) faults.push(`${where(name)} needs --tls-cert and --tls-key`)
  }
  const { 'tls-cert': certs = [], 'tls-key': keys = [] } = values
  if (certs.length > 0 && keys.length > 0 && certs.length !== keys.length) {
    faults.push(`--tls-cert names ${certs.length} files and --tls-key ${keys.length}: each certificate needs its key`)
  }
  if (isSet('cleartext') && values.cleartext === false && !hasTls) {
    faults.push(`${where('cleartext')} needs --tls-cert and --tls-key: without TLS there is only cleartext`)
  }
  const { 'header-timeout': headerMs = 0, 'request-timeout': requestMs = 0 } = values
  if (requestMs > 0 && headerMs > requestMs) {
    faults.push(
      `--header-timeout ${formatDurationMs(headerMs)} must not be above --request-timeout ${formatDurationMs(requestMs)}`,
    )
  }
  return faults
}

/** As JSON, so that no value breaks the line or plays tricks on a terminal. */
function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}...` : text)
}
