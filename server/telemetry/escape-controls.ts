/** Keeps what peers send from commanding the terminal that shows a log, and from changing how its lines read. */

/**
 * What JSON leaves as it is: DEL and the controls of C1, which terminals obey as they do ESC; the separators that break lines in
 * some viewers; and what turns the direction of text (Unicode UAX 9).
 */
const CONTROLS = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** In JSON: an escaped backslash, or an escaped control but for tab and line feed. */
const ESCAPES = /\\\\|\\u00([0189][0-9a-f]|7f)|\\([bfr])/g
const SHORT: Readonly<Record<string, number>> = { b: 0x08, f: 0x0c, r: 0x0d }

/** Where controls stand while a line is made pretty: a block of the private use area. */
const STAND_INS = 0xe000
const STAND_IN = /[\ue000-\ue09f]/g

/** A line of JSON with those characters as escapes. It stays the same JSON. */
export function escapeJsonControls(line: string): string {
  return line.replace(CONTROLS, escapeOf)
}

/**
 * Makes a printer of lines for people print the same escapes. Such printers read the JSON, whose escapes then are characters again,
 * beside the sequences of their own that give colour.
 */
export function withEscapedControls(print: (line: string) => string): (line: string) => string {
  return (line) =>
    print(line.replace(ESCAPES, standIn))
      .replace(CONTROLS, escapeOf)
      .replace(STAND_IN, (character) => hex(character.charCodeAt(0) - STAND_INS))
}

function standIn(text: string, digits?: string, letter = ''): string {
  if (digits === undefined && letter === '') return text
  return String.fromCharCode(STAND_INS + (digits === undefined ? (SHORT[letter] ?? 0) : Number.parseInt(digits, 16)))
}

function escapeOf(character: string): string {
  return hex(character.charCodeAt(0))
}

function hex(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`
}
