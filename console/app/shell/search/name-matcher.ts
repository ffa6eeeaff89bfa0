/** How well names fit a word of a query. */

/** From the best to none. */
export const MATCH = { exact: 100, start: 80, wordStart: 60, words: 50, inside: 40, none: 0 } as const

/** Longer words of queries are not typed as starts of words. Less than the bits of an integer. */
const LONGEST_WORDS = 16

/** Fits names to a word of a query. The starts of several words of the name fit too: `sahe` and `sh` fit SayHello. */
export class NameMatcher {
  /** In lower case. */
  readonly part: string
  /** By character: a bit for each place of the word that has it. */
  readonly #places = new Map<number, number>()

  constructor(part: string) {
    this.part = part
    for (let at = 0; at < part.length && at < LONGEST_WORDS; at += 1) {
      const code = part.charCodeAt(at)
      this.#places.set(code, (this.#places.get(code) ?? 0) | (1 << at))
    }
  }

  /** Returns how well a name fits. `lowerName` is the name in lower case. */
  match(name: string, lowerName: string): number {
    const { part } = this
    const index = lowerName.indexOf(part)
    if (index === 0) return name.length === part.length ? MATCH.exact : MATCH.start
    for (let at = index; at !== -1; at = lowerName.indexOf(part, at + 1)) {
      if (isWordStart(name, at)) return MATCH.wordStart
    }
    if (this.#fitsWords(name, lowerName)) return MATCH.words
    return index > 0 ? MATCH.inside : MATCH.none
  }

  /**
   * Goes through the name once. Bit n of a set says that the first n characters of the word can be done: at the character before, so that
   * its word goes on (`within`), or anywhere before, so that another word can start (`before`).
   */
  #fitsWords(name: string, lowerName: string): boolean {
    const { length } = this.part
    if (length < 2 || length > LONGEST_WORDS) return false
    let within = 0
    let before = 1
    for (let at = 0; at < lowerName.length; at += 1) {
      const candidates = isWordStart(name, at) ? within | before : within
      within = (candidates & (this.#places.get(lowerName.charCodeAt(at)) ?? 0)) << 1
      before |= within
    }
    return (before & (1 << length)) !== 0
  }
}

/** Words of a name start with a capital, or after an underscore or a dot. */
function isWordStart(name: string, index: number): boolean {
  if (index === 0) return true
  const before = name.charCodeAt(index - 1)
  if (before === 0x5f || before === 0x2e) return true
  return isUpper(name.charCodeAt(index)) && !isUpper(before)
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a
}
