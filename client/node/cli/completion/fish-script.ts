/** Completion for fish. */
import type { CommandOutline, Flag } from '../arguments/flag-table.ts'

/** Returns a script to be sourced. */
export function fishScript(commands: readonly CommandOutline[]): string {
  return [
    '# Completion of portico for fish. Load it with: portico completion fish | source',
    'complete -c portico -f',
    "complete -c portico -n __fish_use_subcommand -l help -s h -d 'show help'",
    "complete -c portico -n __fish_use_subcommand -l version -d 'print the version'",
    ...commands.flatMap(commandLines),
  ].join('\n')
}

function commandLines({ name, summary, flags, operandChoices }: CommandOutline): string[] {
  const within = `complete -c portico -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`
  return [
    `complete -c portico -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...(operandChoices === undefined ? [] : [`${within} -a ${quoted(operandChoices.join(' '))}`]),
    ...Object.entries(flags).map(([long, flag]) => `${within} ${flagOptions(long, flag)}`),
  ]
}

function flagOptions(long: string, flag: Flag): string {
  const short = flag.short === undefined ? '' : ` -s ${flag.short}`
  return `-l ${long}${short}${valueOptions(flag)} -d ${quoted(flag.help)}`
}

/** `-x` takes a value that is not a file, `-r -F` one that is. */
function valueOptions({ type, choices, placeholder }: Flag): string {
  if (type === 'boolean') return ''
  if (choices !== undefined) return ` -x -a ${quoted(choices.join(' '))}`
  if (placeholder === 'DIR') return " -x -a '(__fish_complete_directories)'"
  return placeholder === 'FILE' ? ' -r -F' : ' -x'
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
