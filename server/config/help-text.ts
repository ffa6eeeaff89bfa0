/** The text of `--help`. */
import type { Option, OptionTable } from './option.ts'

/** What the text says besides the options of the server. */
export interface HelpSubject {
  /** How the program is started: `node server`. */
  readonly command: string
  /** The name of the program, and its version if it has one: `shop 1.0.0`. Undefined: the server of this package. */
  readonly title: string | undefined
  /** The options of the program, which come first. */
  readonly own: OptionTable
  /** The options of the server, with the defaults of this program. */
  readonly table: OptionTable
}

const INTRODUCTION = `Each option is read from its flag, else from its environment variable, else it has its default.
An empty variable counts as not set. If a flag is repeated, the last one counts.`

const TAIL = `  -h, --help
      Print this text.

  -v, --version
      Print the version.

SIGTERM and SIGINT drain the server; a second signal ends it immediately. SIGHUP reads certificates, policies, keys and tokens again.
Exit codes: 0 after a clean drain; 1 for a failure, or a drain that cut off calls; 2 for invalid options;
130 or 143 after a second signal.`

/** Writes the help: for each option its flag, purpose, variable, default and valid values. */
export function helpText({ command, title, own, table }: HelpSubject): string {
  const ownRows = Object.entries(own).map(describe)
  return [
    ...(title === undefined ? [] : [title]),
    `Usage: ${command} [options]`,
    INTRODUCTION,
    ...(ownRows.length === 0 ? [] : ['Options of this program:', ...ownRows, 'Options of the server:']),
    ...Object.entries(table).map(describe),
    TAIL,
  ].join('\n\n')
}

/** The default of an option, as it is shown to people. */
export function printDefault({ kind, default: fallback, isRequired, isSecret }: Option<unknown>): string {
  if (isRequired) return 'none, required'
  if (fallback === undefined || (Array.isArray(fallback) && fallback.length === 0)) return 'none'
  return isSecret ? '***' : kind.print(fallback)
}

function describe([name, option]: [string, Option<unknown>]): string {
  const { env, kind, help } = option
  const flag = kind.placeholder === null ? `--[no-]${name}` : `--${name} ${kind.placeholder}`
  return `  ${flag}
      ${help}
      env ${env}, default ${printDefault(option)}: ${kind.expects}`
}
