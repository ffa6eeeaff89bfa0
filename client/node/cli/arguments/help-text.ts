/** The help that the program gives of itself. */
import type { CommandOutline } from './command-outline.ts'
import type { Flag, FlagTable } from './flag-table.ts'

const PROGRAM = 'portico'

/** The help of the program: its commands. */
export function programHelp(commands: readonly CommandOutline[]): string {
  const rows = commands.map((command) => [usageOf(command), command.summary] as const)
  return [
    `Usage: ${PROGRAM} COMMAND [FLAGS]`,
    '',
    'Calls protobuf services by gRPC, gRPC-Web and Connect. Results go to standard output, all else to standard error.',
    '',
    'Commands:',
    ...columns(rows),
    '',
    `"${PROGRAM} COMMAND --help" tells more of each, and "${PROGRAM} --version" the version.`,
    'Exit codes: 0 done, 1 failure, 2 wrong arguments, 64 + the gRPC code of a failed call (65 when interrupted).',
  ].join('\n')
}

/** The help of a command: its usage and its flags. */
export function commandHelp(command: CommandOutline): string {
  const description = command.description === undefined ? [] : ['', command.description]
  return [
    `Usage: ${PROGRAM} ${usageOf(command)} [FLAGS]`,
    '',
    sentence(command.summary),
    ...description,
    '',
    'Flags:',
    ...columns(flagRows(command.flags)),
  ].join('\n')
}

function usageOf({ name, operands }: CommandOutline): string {
  return [name, ...operands].join(' ')
}

function flagRows(flags: FlagTable): (readonly [string, string])[] {
  return Object.entries(flags).map(([name, flag]) => [flagUsage(name, flag), flagHelp(flag)])
}

function flagUsage(name: string, { short, placeholder }: Flag): string {
  const dashed = short === undefined ? `    --${name}` : `-${short}, --${name}`
  return placeholder === undefined ? dashed : `${dashed} ${placeholder}`
}

function flagHelp({ help, env }: Flag): string {
  return env === undefined ? help : `${help} [env: ${env}]`
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
