/** Reads the command line of `npm create portico`. */
import { parseArgs } from 'node:util'
import { isTemplateName, TEMPLATES, type TemplateName } from './templates.ts'

/** What the command line asks for. */
export type Arguments =
  | {
      readonly kind: 'create'
      /** The name of the project, or `.` for the current folder; undefined where none is given. */
      readonly name: string | undefined
      readonly template: TemplateName | undefined
      /** Run `npm install` in the new project. */
      readonly installs: boolean
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** One sentence for the user. */
  | { readonly kind: 'fault'; readonly message: string }

const OPTIONS = {
  template: { type: 'string', short: 't' },
  install: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** Parses the arguments after the program's own name. Never throws. */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    const message = token.kind === 'option' ? faultOf(token) : undefined
    if (message !== undefined) return { kind: 'fault', message }
  }
  if (values.help === true) return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }
  const [name, extra] = positionals
  if (extra !== undefined) return { kind: 'fault', message: `unexpected argument "${extra}": give one name` }
  const template = typeof values.template === 'string' && isTemplateName(values.template) ? values.template : undefined
  return { kind: 'create', name, template, installs: values.install === true }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
}

function faultOf({ name, rawName, value }: OptionToken): string | undefined {
  if (!Object.hasOwn(OPTIONS, name)) return `unknown option ${rawName}`
  if (name !== 'template') return value === undefined ? undefined : `${rawName} takes no value`
  if (value !== undefined && isTemplateName(value)) return undefined
  return `${rawName} must be one of: ${Object.keys(TEMPLATES).join(', ')}`
}
