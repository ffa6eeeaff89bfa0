/** Parses JSON of a peer: within bounds, and without losing digits. */
import { randomBytes } from 'node:crypto'
import { type JsonBounds, type JsonScanned, scanJson } from './scan-json.ts'

/** What a text says. */
export interface ParsedJson extends JsonScanned {
  readonly value: unknown
  /**
   * In `value` a number that a double may not hold is a string: this mark, which nothing else begins with, and the literal. Null:
   * there is none.
   */
  readonly mark: string | null
}

/** As many random octets as nobody can guess. */
const MARK_BYTES = 12

/** How deep errors and ends of streams may nest: a detail in them may be the JSON of any message. */
const MAX_DEPTH = 200

/**
 * Parses a text.
 *
 * @throws ConnectError as {@link scanJson} does
 * @throws SyntaxError for a text that is not JSON
 */
export function parseJson(text: string, bounds: JsonBounds): ParsedJson {
  const scanned = scanJson(text, bounds)
  const { longNumbers } = scanned
  if (longNumbers.length === 0) return { ...scanned, value: JSON.parse(text), mark: null }
  // Nobody can guess it, so that no string of the peer's is taken for a number.
  const mark = randomBytes(MARK_BYTES).toString('base64')
  return { ...scanned, value: parseMarked(text, longNumbers, mark), mark }
}

/**
 * Checks a text that Connect will parse, and whose own length bounds its values already.
 *
 * @throws ConnectError as {@link scanJson} does
 */
export function checkJson(data: Uint8Array): void {
  scanJson(new TextDecoder().decode(data), { maxDepth: MAX_DEPTH, budgetBytes: Number.POSITIVE_INFINITY })
}

/** `JSON.parse` with a reviver that gets the source of each number would take ten times the memory. */
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
    // For an error that speaks of the text as it came.
    return JSON.parse(text)
  }
}
