/** Writes a JSON text on one line, with every number and name as it was typed: parsing it would lose digits of 64-bit integers. */

const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|\s+|[^\s"]+/g

/** Control characters, and those that a terminal or an editor shows out of order or not at all. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

const PUNCTUATION = /[{}[\],:"]/

/** Removes white space between tokens, and escapes characters in strings that cannot be seen. */
export function jsonLine(text: string): string {
  let line = ''
  for (const match of text.trim().matchAll(TOKENS)) {
    const [token] = match
    if (token.startsWith('"')) line += escapeHidden(token)
    else if (token.trim() !== '') line += token
    else if (isBetweenWords(line, text.trim().charAt(match.index + token.length))) line += ' '
  }
  return line
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
  return before !== '' && !PUNCTUATION.test(before.slice(-1)) && after !== '' && !PUNCTUATION.test(after)
}
