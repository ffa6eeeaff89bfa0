/** Clips text from peers, so that it does not fill errors and logs. */

/** Enough to recognise a name or a number. */
const MAX_VALUE_CHARS = 100

/** Enough for a sentence with a few clipped values. */
const MAX_SENTENCE_CHARS = 500

/** Returns a peer's value for use in an error; of a long one, the start and the length. */
export function clipValue(text: string): string {
  return clip(text, MAX_VALUE_CHARS)
}

/** Returns the error text of a library, which may quote a peer's values in full, clipped. */
export function clipSentence(text: string): string {
  return clip(text, MAX_SENTENCE_CHARS)
}

function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  return `${text.slice(0, maxChars).toWellFormed()}... (${text.length} characters)`
}
