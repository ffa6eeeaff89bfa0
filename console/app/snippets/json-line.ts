/** Writes a JSON text on one line, with every number and name as it was typed: parsing it would lose digits of 64-bit integers. */

const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|\s+|[^\s"]+/g

/** Control characters, and those that a terminal or an editor shows out of order or not at all. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

const PUNCTUATION = /[{}[\],:"]/

/** Removes white space between tokens, and escapes characters in strings that cannot be seen. */
export function jsonLine(text: string): string {
  const whole = text.trim()
  const parts: string[] = []
  let before = ''
  for (const { 0: token, index } of whole.matchAll(TOKENS)) {
    const part = partOf(token, before, whole.charAt(index + token.length))
    parts.push(part)
    before = part.slice(-1)
  }
  return parts.join('')
}

/** @param before the last character of the part before; empty for none */
function partOf(token: string, before: string, after: string): string {
  if (token.startsWith('"')) return escapeHidden(token)
  if (token.trim() !== '') return token
  return isBetweenWords(before, after) ? ' ' : ''
}

/** Writes characters that cannot be seen as `\uXXXX`, which JSON and JavaScript read alike. */
export function escapeHidden(text: string): string {
  return text.replace(HIDDEN, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** Only a text that is not JSON has words without punctuation between them. */
function isBetweenWords(before: string, after: string): boolean {
  return before !== '' && !PUNCTUATION.test(before) && after !== '' && !PUNCTUATION.test(after)
}
