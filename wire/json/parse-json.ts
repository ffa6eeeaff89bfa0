/** Parses the JSON of a peer within bounds, and without losing digits of numbers. */
import { randomBytes } from 'node:crypto'
import { type JsonBounds, type JsonScanned, scanJson } from './scan-json.ts'

/** A parsed text. */
export interface ParsedJson extends JsonScanned {
  readonly value: unknown
  /**
   * In `value`, a number that a double may not represent exactly is a string: this mark, which no other string starts with, then the
   * literal. Null if there is no such number.
   */
  readonly mark: string | null
}

/** Enough random octets that a peer cannot guess the mark. */
const MARK_BYTES = 12

/** Maximum nesting of error bodies and EndStream messages, whose details may be the JSON of any message. */
const MAX_DEPTH = 200

/**
 * Parses a text.
 *
 * @throws ConnectError as {@link scanJson} does
 * @throws SyntaxError for text that is not JSON
 */
export function parseJson(text: string, bounds: JsonBounds): ParsedJson {
  const scanned = scanJson(text, bounds)
  const { longNumbers } = scanned
  if (longNumbers.length === 0) return { ...scanned, value: JSON.parse(text), mark: null }
  // Random, so that a peer cannot send a string that passes for a number.
  const mark = randomBytes(MARK_BYTES).toString('base64')
  return { ...scanned, value: parseMarked(text, longNumbers, mark), mark }
}

/**
 * Checks the nesting and numbers of a text that Connect parses. The limit on its length already bounds its memory.
 *
 * @throws ConnectError as {@link scanJson} does
 */
export function checkJson(data: Uint8Array): void {
  scanJson(new TextDecoder().decode(data), { maxDepth: MAX_DEPTH, budgetBytes: Number.POSITIVE_INFINITY })
}

/** Marks numbers in the text, as a `JSON.parse` reviver that sees the source of each number takes ten times the memory. */
function parseMarked(text: string, longNumbers: readonly number[], mark: string): unknown {
  const parts: string[] = []
  let at = 0
  for (let index = 0; index < longNumbers.length; index += 2) {
    const [start = 0, end = 0] = [longNumbers[index], longNumbers[index + 1]]
    parts.push(`${text.slice(at, start)}"${mark}${text.slice(start, end)}"`)
    at = end
  }
  parts.push(text.slice(at))
  try {
    return JSON.parse(parts.join(''))
  } catch {
    // Parse the original text, so that the error quotes it.
    return JSON.parse(text)
  }
}
