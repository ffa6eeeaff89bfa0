/** Keeps text from others to one line that does nothing to a terminal. */

const LAST_CONTROL = 0x1f
const DELETE = 0x7f
const LAST_C1_CONTROL = 0x9f
const TAB = 0x09

/** The text with each control character but the tab written as in JSON, as `\u001b`. */
export function printable(text: string): string {
  let printed = ''
  for (const character of text) printed += isControl(character.charCodeAt(0)) ? escaped(character) : character
  return printed
}

/** The same for text of several lines, which stay lines. JSON stays the same JSON. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function isControl(code: number): boolean {
  return (code <= LAST_CONTROL && code !== TAB) || (code >= DELETE && code <= LAST_C1_CONTROL)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
