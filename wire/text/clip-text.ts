/** Keeps what a peer sent from filling errors and logs. */

/** Enough for a name or a number to be recognised. */
const MAX_VALUE_CHARS = 100

/** Enough for a sentence around a few clipped values. */
const MAX_SENTENCE_CHARS = 500

/** A value of the peer as it may stand in an error: its beginning, and how long it was. */
export function clipValue(text: string): string {
  return clip(text, MAX_VALUE_CHARS)
}

/** A sentence that others wrote, which may quote values of the peer in full. */
export function clipSentence(text: string): string {
  return clip(text, MAX_SENTENCE_CHARS)
}

function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  return `${text.slice(0, maxChars).toWellFormed()}... (${text.length} characters)`
}
