/** Writes values as TypeScript. */
import { escapeHidden } from './json-line.ts'

const MAX_LINE_LENGTH = 80

/** Writes a text in single quotes, without characters that an editor does not show. */
export function stringText(text: string): string {
  const quoted = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${escapeHidden(quoted)}'`
}

/** Writes an object or a list: on one line if it is short, else a part per line. */
export function groupText([open, close]: readonly [open: string, close: string], parts: readonly string[]): string {
  if (parts.length === 0) return `${open}${close}`
  const space = open === '{' ? ' ' : ''
  const line = `${open}${space}${parts.join(', ')}${space}${close}`
  if (line.length <= MAX_LINE_LENGTH && !line.includes('\n')) return line
  return `${open}\n${parts.map((part) => `${indent(part)},\n`).join('')}${close}`
}

/** Writes the name of a property that is no identifier for certain. */
export function keyText(key: string): string {
  // Without brackets, this name would set the prototype.
  if (key === '__proto__') return "['__proto__']"
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : stringText(key)
}

/** Indents all lines. Texts have no line breaks, so this changes none. */
export function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}

/** Writes a value of JSON. */
export function jsonText(value: unknown): string {
  if (typeof value === 'string') return stringText(value)
  if (Array.isArray(value)) return groupText(['[', ']'], value.map(jsonText))
  if (typeof value !== 'object' || value === null) return numberText(value)
  return groupText(
    ['{', '}'],
    Object.entries(value).map(([key, each]) => `${keyText(key)}: ${jsonText(each)}`),
  )
}

/** Writes a number, `true`, `false` or `null`. */
export function numberText(value: unknown): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
