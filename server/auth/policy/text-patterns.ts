/** The patterns of authorization policies: exact text, `abc*`, `*abc`, and `*` for any text that is not empty. */

/** Whether a text matches one of the patterns. */
export type TextMatcher = (text: string) => boolean

/** A `*` elsewhere stands for itself, as in gRFC A43. */
export function matchAny(patterns: readonly string[]): TextMatcher {
  const exact = new Set(patterns.filter(isExact))
  const prefixes = patterns.filter((pattern) => isPrefix(pattern)).map((pattern) => pattern.slice(0, -1))
  const suffixes = patterns.filter((pattern) => isSuffix(pattern)).map((pattern) => pattern.slice(1))
  const matchesAnyText = patterns.includes('*')
  return (text) =>
    exact.has(text) ||
    (matchesAnyText && text !== '') ||
    prefixes.some((prefix) => text.startsWith(prefix)) ||
    suffixes.some((suffix) => text.endsWith(suffix))
}

function isExact(pattern: string): boolean {
  return !(pattern.startsWith('*') || pattern.endsWith('*'))
}

/** A pattern with `*` at both ends is a prefix that starts with `*`, as in gRPC's own implementations. */
function isPrefix(pattern: string): boolean {
  return pattern !== '*' && pattern.endsWith('*')
}

function isSuffix(pattern: string): boolean {
  return pattern.startsWith('*') && !pattern.endsWith('*')
}
