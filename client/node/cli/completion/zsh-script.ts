/** Completion for zsh, by its own _arguments. */
import type { CommandOutline, Flag } from '../arguments/flag-table.ts'

/** Returns a script to be sourced after compinit, or to be a file `_portico` on the fpath. */
export function zshScript(commands: readonly CommandOutline[]): string {
  return `#compdef portico
# Completion of portico for zsh. Load it with: source <(portico completion zsh)
_portico() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _portico ]]; then
  _portico "$@"
else
  compdef _portico portico
fi`
}

function commandCase({ name, operands, operandChoices, flags }: CommandOutline): string {
  const specs = [
    ...Object.entries(flags).flatMap(([long, flag]) => flagSpecs(long, flag)),
    ...operands.map((operand) => operandSpec(operand, operandChoices)),
  ]
  return [`    ${name})`, `      _arguments ${specs.map(quoted).join(' ')} ;;`].join('\n')
}

/** One spec for each form of a flag. A form excludes the others, unless the flag may be repeated. */
function flagSpecs(long: string, flag: Flag): string[] {
  const { type, short, multiple = false, help } = flag
  const forms = [...(short === undefined ? [] : [`-${short}`]), `--${long}`]
  const before = multiple ? '*' : `(${forms.join(' ')})`
  const value = type === 'string' ? `:${escaped(flag.placeholder ?? 'VALUE')}:${valueAction(flag)}` : ''
  return forms.map((form) => `${before}${form}${suffix(form, flag)}[${escaped(help)}]${value}`)
}

/** What lets the value follow in the same word. */
function suffix(form: string, { type }: Flag): string {
  if (type === 'boolean') return ''
  return form.startsWith('--') ? '=' : '+'
}

function valueAction({ choices, placeholder }: Flag): string {
  if (choices !== undefined) return `(${choices.join(' ')})`
  if (placeholder === 'FILE') return '_files'
  return placeholder === 'DIR' ? '_files -/' : ''
}

function operandSpec(operand: string, choices: readonly string[] | undefined): string {
  const isOptional = operand.startsWith('[')
  const name = operand.replace(/[[\]]/g, '')
  return `${isOptional ? '::' : ':'}${name}:${choices === undefined ? '' : `(${choices.join(' ')})`}`
}

function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
