/** Compares the output of a command with what its page shows. */

/** Parts that differ between runs, of which a page shows one example. */
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
  return matchesLines(linesOf(printed), linesOf(shown))
}

function matchesLines(printed: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = shown
  if (first === undefined) return printed.length === 0
  if (first.trim() === '...')
    return printed.some((_, skipped) => matchesLines(printed.slice(skipped), rest)) || rest.length === 0
  return printed.length > 0 && matchesLine(printed[0] ?? '', first) && matchesLines(printed.slice(1), rest)
}

function matchesLine(printed: string, shown: string): boolean {
  const parts = shown.split('...').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(printed)
}

/** The lines without variable parts, trailing white space, and leading and trailing empty lines. */
function linesOf(text: string): string[] {
  const known = VARIABLE.reduce((changed, [pattern, name]) => changed.replaceAll(pattern, name), text)
  return known
    .trim()
    .split('\n')
    .map((line) => line.trimEnd())
}
