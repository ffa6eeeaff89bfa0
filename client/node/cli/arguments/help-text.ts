/** The help texts of the program and of its commands. */
import type { CommandOutline, Flag, FlagTable } from './flag-table.ts'

/** Returns the help of a program. */
export function programHelp(programName: string, commands: readonly CommandOutline[]): string {
  const rows = commands.map((command) => [usageOf(command), command.summary] as const)
  return [
    `Usage: ${programName} COMMAND [FLAGS]`,
    '',
    'Calls protobuf services over gRPC, gRPC-Web and Connect. Results go to standard output, everything else to standard error.',
    '',
    'Commands:',
    ...columns(rows),
    '',
    `Run "${programName} COMMAND --help" for the flags of a command.`,
    'Exit codes: 0 success, 1 failure, 2 wrong arguments, 64 + the gRPC code of a failed call (65 if interrupted).',
  ].join('\n')
}

/** Returns the help of a command: its usage and its flags. */
export function commandHelp(programName: string, command: CommandOutline): string {
  const description = command.description === undefined ? [] : ['', command.description]
  return [
    `Usage: ${programName} ${usageOf(command)} [FLAGS]`,
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
