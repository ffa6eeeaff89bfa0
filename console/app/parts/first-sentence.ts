/** Summaries of comments. */

const LONGEST = 160

/** Returns the first sentence of a comment, of at most 160 characters. */
export function firstSentence(comment: string): string {
  const [paragraph = ''] = comment.trim().split(/\n\s*\n/)
  const text = paragraph.replace(/\s+/g, ' ').replaceAll('`', '')
  const end = /[.!?。！？](?=\s|$)|[。！？]/u.exec(text)
  const sentence = end === null ? text : text.slice(0, end.index + 1)
  const characters = [...sentence]
  return characters.length <= LONGEST
    ? sentence
    : `${characters
        .slice(0, LONGEST - 1)
        .join('')
        .trimEnd()}…`
}
