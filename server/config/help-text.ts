/** Writes what `--help` prints. */
import { type Option, type OptionName, optionNames, optionTable } from './option-table.ts'

const HEAD = `Usage: node server [options]

Each option is taken from its flag, else from its environment variable, else it has its default.
An empty variable counts as not set. Of a flag given twice the last counts.`

const TAIL = `  -h, --help
      Print this text.

  -v, --version
      Print the version.

SIGTERM and SIGINT drain, a second one ends at once; with TLS, SIGHUP reads certificates again.
Exit codes: 0 a clean drain; 1 a failure, or a drain that ended calls which were not over; 2 wrong settings;
130 or 143 after a second signal.`

/** The help of all options, made from the table: flag, purpose, environment variable, default and what it must be. */
export function helpText(): string {
  return [HEAD, ...optionNames.map((name) => describe(name, optionTable[name] as Option<unknown>)), TAIL].join('\n\n')
}

function describe(name: OptionName, { env, kind, default: fallback, help }: Option<unknown>): string {
  const flag = kind.placeholder === null ? `--[no-]${name}` : `--${name} ${kind.placeholder}`
  return `  ${flag}
      ${help}
      env ${env}, default ${kind.print(fallback)}: ${kind.expects}`
}
