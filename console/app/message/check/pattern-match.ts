/** Patterns of RE2, tried with those of JavaScript where both mean the same and the answer comes soon. */

/** Steps that a match may take: some milliseconds. */
const MAX_STEPS = 5_000_000
/** RE2's `\s` knows the space of ASCII alone, and its `.` all line breaks but \n. */
const OTHER_SPACE = /[^\S \t\n\f]/
/** Flags and names in groups, which the two write differently. */
const SPECIAL_GROUP = /\(\?(?!:)/
const PART = /\\.|\[(?:\\.|[^\]\\])*\]|\(\?:|(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??|./gs

/** Whether a text matches a pattern; true for what can not be told here, and is left to the server. */
export function matchesPattern(text: string, pattern: string): boolean {
  if (OTHER_SPACE.test(text) || SPECIAL_GROUP.test(pattern)) return true
  if (stepsOf(pattern, text.length) > MAX_STEPS) return true
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true
  }
}

/** Bounds the steps of a match: each choice multiplies those after it, and choices inside of repetitions have no bound. */
function stepsOf(pattern: string, length: number): number {
  const groups: boolean[] = []
  let hasChoices = false
  let atomHasChoices = false
  let steps = pattern.startsWith('^') ? 1 : length + 1
  for (const [part, least, comma, most] of pattern.matchAll(PART)) {
    const isAtom = !/^[*+?|{]/.test(part)
    if (part === '(' || part === '(?:') {
      groups.push(hasChoices)
      hasChoices = false
    } else if (part === ')') {
      atomHasChoices = hasChoices
      hasChoices = (groups.pop() ?? false) || hasChoices
    } else if (isAtom) {
      atomHasChoices = false
    } else {
      if (atomHasChoices && !/^[?|]/.test(part)) return Number.POSITIVE_INFINITY
      const choices = choicesOf(part, length, least, comma, most)
      steps *= choices
      hasChoices ||= choices > 1
      atomHasChoices = false
    }
  }
  return steps
}

/** In how many ways a quantifier can be met, or `|`. */
function choicesOf(part: string, length: number, least = '', comma = '', most = ''): number {
  if (part === '|' || part.startsWith('?')) return 2
  if (!part.startsWith('{')) return length + 1
  if (comma === '') return 1
  return Math.max(0, Math.min(length, most === '' ? length : Number(most)) - Number(least)) + 1
}
