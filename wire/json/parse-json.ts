/** Parses JSON of a peer: within bounds, and without losing digits. */
import { mayLoseDigits, NumberLiteral } from './exact-integer.ts'
import { type JsonBounds, scanJson } from './scan-json.ts'

/** What a text says. */
export interface ParsedJson {
  readonly value: unknown
  /**
   * `value` has a {@link NumberLiteral} in place of each number that a double may not hold, or strings too long for an integer:
   * see `resolveNumbers`. False: it is as `JSON.parse` has it.
   */
  readonly isRaw: boolean
}

/** How deep texts may nest whose values mean nothing to a schema. */
const MAX_DEPTH = 100

/**
 * Parses a text.
 *
 * @throws ConnectError as {@link scanJson} does
 * @throws SyntaxError for a text that is not JSON
 */
export function parseJson(text: string, bounds: JsonBounds): ParsedJson {
  const isRaw = scanJson(text, bounds)
  return { value: isRaw ? JSON.parse(text, keepLiteral) : JSON.parse(text), isRaw }
}

/**
 * Checks a text that Connect will parse, and whose own length bounds its values already.
 *
 * @throws ConnectError as {@link scanJson} does
 */
export function checkJson(data: Uint8Array): void {
  scanJson(new TextDecoder().decode(data), { maxDepth: MAX_DEPTH, maxBytes: Number.POSITIVE_INFINITY })
}

/** V8 hands the text of a number to revivers (Node 22 and above; ECMAScript, JSON.parse source text access). */
function keepLiteral(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined) return value
  return mayLoseDigits(source, 0, source.length) ? new NumberLiteral(source) : value
}
