/** How well a name fits a word of a query. */

/** From the best to none. */
export const MATCH = { exact: 100, start: 80, wordStart: 60, words: 50, inside: 40, none: 0 } as const

/**
 * Returns how well a name fits. `part` is in lower case, and `lowerName` is the name in lower case. The starts of several words of the name
 * fit too: `sahe` and `sh` fit SayHello.
 */
export function matchName(name: string, lowerName: string, part: string): number {
  const index = lowerName.indexOf(part)
  if (index === 0) return name.length === part.length ? MATCH.exact : MATCH.start
  if (index > 0) {
    for (let at = index; at !== -1; at = lowerName.indexOf(part, at + 1)) {
      if (isWordStart(name, at)) return MATCH.wordStart
    }
  }
  if (part.length > 1 && part.length <= MAX_WORDS && fitsWords(name, lowerName, part, 0, 0)) return MATCH.words
  return index > 0 ? MATCH.inside : MATCH.none
}

/** Longer parts are not typed as starts of words, and would take long to try. */
const MAX_WORDS = 16

/** Whether the rest of a part is made of starts of words from a position on. */
function fitsWords(name: string, lowerName: string, part: string, done: number, from: number): boolean {
  if (done === part.length) return true
  for (let at = from; at < name.length; at += 1) {
    if (lowerName[at] !== part[done] || !isWordStart(name, at)) continue
    let length = 0
    while (done + length < part.length && lowerName[at + length] === part[done + length]) length += 1
    // The longest start first: a shorter one leaves more to the words after it.
    for (; length > 0; length -= 1) if (fitsWords(name, lowerName, part, done + length, at + length)) return true
  }
  return false
}

/** Words of a name start with a capital, or after an underscore or a dot. */
function isWordStart(name: string, index: number): boolean {
  if (index === 0) return true
  const before = name.charCodeAt(index - 1)
  if (before === 0x5f || before === 0x2e) return true
  const code = name.charCodeAt(index)
  return isUpper(code) && !isUpper(before)
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a
}
