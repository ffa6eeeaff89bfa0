/** Escapes characters that control a terminal or change how a line reads, in text that may come from a peer. */

/**
 * Characters that JSON leaves unescaped: DEL and the C1 controls, which terminals obey as they obey ESC; the separators that break
 * lines in some viewers; and the controls of text direction (Unicode UAX 9).
 */
const CONTROLS = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** The same, and the C0 controls except for the tab. */
const CONTROLS_AND_C0 = new RegExp(`[\\u0000-\\u0008\\u000a-\\u001f]|${CONTROLS.source}`, 'g')

/** Escapes controls in a line of JSON, which stays the same JSON. */
export function escapeJsonControls(line: string): string {
  return line.replace(CONTROLS, escapeOf)
}

/** Returns the text as one line: each control except the tab is written as in JSON, `\u001b` for ESC. */
export function printable(text: string): string {
  return text.replace(CONTROLS_AND_C0, escapeOf)
}

/** Does the same for text of several lines, and keeps its line breaks. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
