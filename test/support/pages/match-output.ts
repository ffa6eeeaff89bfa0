/** Compares what a command printed with what its page shows. */

/** What differs from run to run. A page shows it as it once was. */
const VARIABLE: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME'],
  [/\b\d\d:\d\d:\d\d(?:\.\d+)?\b/g, 'TIME'],
  [/\b\d+(?:\.\d+)?(?= ?(?:ms|s)\b)/g, 'N'],
  [/\b127\.0\.0\.1:[3-6]\d{4}\b/g, '127.0.0.1:PORT'],
]

/**
 * Whether the output is the one that is shown. `...` in it stands for anything: as a line for any number of lines, in a line for any
 * text. Times and durations may differ, and so may the white space at both ends.
 */
export function matchesOutput(printed: string, shown: string): boolean {
  const pattern = withoutVariables(shown.trim())
    .split('\n')
    .map((line) =>
      line.trim() === '...' ? '(?:[^\n]*\n)*?[^\n]*' : line.split('...').map(escapeForPattern).join('[^\n]*'),
    )
    .join('\n')
  return new RegExp(`^${pattern}$`).test(withoutVariables(printed.trim()))
}

function withoutVariables(text: string): string {
  return VARIABLE.reduce((changed, [pattern, name]) => changed.replaceAll(pattern, name), text.replaceAll(/ +$/gm, ''))
}

function escapeForPattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
