/** Writes commands for POSIX shells, such as bash, zsh and dash, which pass any text on unchanged. */

const PLAIN = /^[\w./:@,+-]+$/

/** Commands and their operands that fit into one line are not broken up. */
const MAX_LINE_LENGTH = 80

/** Linux allows 128 KiB in one argument. */
const MAX_ARGUMENT_BYTES = 100_000

/** Quotes a word. In single quotes a shell expands nothing, not even `!`. It cannot have a NUL. */
export function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Joins the parts of a command, each an option with its value: on one line if they are short, else one per line. */
export function joinParts(parts: readonly string[]): string {
  const line = parts.join(' ')
  return line.length <= MAX_LINE_LENGTH ? line : parts.join(' \\\n  ')
}

/** Whether a text must come by standard input, as it is too long for an argument. */
export function isTooLong(text: string): boolean {
  return text.length > MAX_ARGUMENT_BYTES / 4 && new TextEncoder().encode(quote(text)).length > MAX_ARGUMENT_BYTES
}

/** Lets a command read a text from its standard input. The text gets a line break at its end. */
export function withInput(command: string, text: string): string {
  const lines = new Set(text.split('\n'))
  let end = 'JSON'
  while (lines.has(end)) end += '_'
  return `${command} <<'${end}'\n${text}\n${end}`
}
