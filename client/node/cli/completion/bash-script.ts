/** Completion for bash, from 3.2 on, without the bash-completion package. */
import type { CommandOutline, Flag } from '../arguments/flag-table.ts'

/** Returns a script to be sourced. bash splits words at `=`, so that `--flag=value` arrives as three words. */
export function bashScript(commands: readonly CommandOutline[]): string {
  const names = commands.map(({ name }) => name)
  return `# Completion of portico for bash. Load it with: source <(portico completion bash)
_portico() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if ((COMP_CWORD == 1)); then
    words='${[...names, '--help', '--version'].join(' ')}'
  else
    case "\${COMP_WORDS[1]} $prev" in
${commands.flatMap(valueCases).map(indented).join('\n')}
      *)
        case "\${COMP_WORDS[1]} $cur" in
${commands.flatMap(wordCases).map(indented).join('\n')}
        esac ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
_portico_paths() {
  compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$1"))
}
complete -F _portico portico`
}

/** The values of flags, by command and flag. A value that could be anything completes to nothing. */
function valueCases({ name, flags }: CommandOutline): string[] {
  const valued = Object.entries(flags).filter(([, flag]) => flag.type === 'string')
  return valued.map(([long, flag]) => `${patterns(name, long, flag)}) ${action(flag)} ;;`)
}

function patterns(command: string, long: string, { short }: Flag): string {
  const dashed = short === undefined ? [`--${long}`] : [`--${long}`, `-${short}`]
  return dashed.map((flag) => `'${command} ${flag}'`).join('|')
}

function action({ choices, placeholder }: Flag): string {
  if (choices !== undefined) return `words='${choices.join(' ')}'`
  return placeholder === 'FILE' || placeholder === 'DIR' ? '_portico_paths "$cur"; return' : 'return'
}

/** Flags where a dash begins the word, and the choices of an operand elsewhere. */
function wordCases({ name, flags, operandChoices = [] }: CommandOutline): string[] {
  const names = Object.keys(flags).map((long) => `--${long}`)
  const operands = operandChoices.length === 0 ? [] : [`'${name} '*) words='${operandChoices.join(' ')}' ;;`]
  return [`'${name} -'*) words='${names.join(' ')}' ;;`, ...operands]
}

function indented(line: string): string {
  return `      ${line}`
}
