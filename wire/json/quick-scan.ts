/** A scan for texts of usual size and form, in a fraction of the time of `scanJson`. */
import { mayLoseDigits } from './exact-integer.ts'
import {
  endBehindEscapes,
  isDigit,
  isOfInteger,
  MAX_BYTES_PER_CHAR,
  MAX_INTEGER_CHARS,
  MAX_NUMBER_CHARS,
} from './scan-json.ts'

/** What a text is within, if the scan is enough. */
export interface QuickBounds {
  /** Maximum depth of nested arrays and objects. */
  readonly maxDepth: number
  /** Maximum memory of the message and its JSON. */
  readonly budgetBytes: number
  /** The most memory of a message for each array or object, for each key that may be the index of an element, and for each character. */
  readonly perContainer: number
  readonly perIndex: number
  readonly perChar: number
  /** Whether strings may start like an integer although they are too long for one: `BigInt` takes quadratic time for them. */
  readonly hasLongDigits: boolean
}

/** Deeper texts go through the thorough scan, as what follows this one is recursive. */
const MAX_QUICK_DEPTH = 500

/** Longer numbers may lose digits. */
const MAX_EXACT_CHARS = 15

/** Strings up to this length are faster scanned by characters than by `indexOf` (measured on Node 26). */
const MAX_SHORT_CHARS = 32

const QUOTE = 0x22
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const MINUS = 0x2d
const LETTER_E = 0x65

/**
 * Returns the number of members of all objects in a text; -1 if only `scanJson` can tell whether it is within the bounds, or if it has
 * numbers that a double may not represent exactly. `JSON.parse` drops members whose key occurs twice in an object: a parsed value with
 * as many members has none. Leaves syntax errors to the parser.
 */
export function quickScan(text: string, bounds: QuickBounds): number {
  const perChar = bounds.perChar + MAX_BYTES_PER_CHAR
  const freeBytes = bounds.budgetBytes - text.length * perChar
  if (freeBytes < 0) return -1
  const maxDepth = Math.min(bounds.maxDepth, MAX_QUICK_DEPTH)
  const hasEscapes = text.includes('\\')
  let members = 0
  let containers = 0
  let indexes = 0
  let depth = 0
  let isIndex = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      isIndex = mayBeIndex(text.charCodeAt(at + 1))
      const start = at + 1
      at = hasEscapes ? endBehindEscapes(text, start) : plainEnd(text, start)
      const isLong = at - start > MAX_INTEGER_CHARS && isOfInteger(text.charCodeAt(start))
      if (isLong && !bounds.hasLongDigits) return -1
    } else if (code === COLON) {
      members++
      if (isIndex) indexes++
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      containers++
      if (++depth > maxDepth) return -1
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
    else if (isDigit(code) || code === MINUS) {
      const end = numberEnd(text, at)
      if (end < 0) return -1
      at = end - 1
    }
  }
  return containers * bounds.perContainer + indexes * bounds.perIndex > freeBytes ? -1 : members
}

/** Parses a text, and returns undefined for one that is not JSON. */
export function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the number of members of all objects in a parsed value. */
export function countMembers(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 0
  let members = 0
  if (Array.isArray(json)) for (let index = 0; index < json.length; index++) members += countMembers(json[index])
  else for (const key of Object.keys(json)) members += 1 + countMembers((json as Record<string, unknown>)[key])
  return members
}

function plainEnd(text: string, start: number): number {
  const last = start + MAX_SHORT_CHARS
  for (let at = start; at < last; at++) if (text.charCodeAt(at) === QUOTE) return at
  const end = text.indexOf('"', last)
  return end < 0 ? text.length : end
}

/** Returns the end of a number that is exact as a double; -1 for others. */
function numberEnd(text: string, start: number): number {
  let end = start + 1
  let hasExponent = false
  for (; ; end++) {
    const code = text.charCodeAt(end)
    if (isDigit(code) || code === 0x2e || code === MINUS || code === 0x2b) continue
    if ((code | 0x20) !== LETTER_E) break
    hasExponent = true
  }
  const isPlain = end - start <= MAX_EXACT_CHARS && !hasExponent
  if (isPlain) return end
  return end - start > MAX_NUMBER_CHARS || mayLoseDigits(text, start, end) ? -1 : end
}

/** Whether a key with this first character may be the index of an element. */
function mayBeIndex(code: number): boolean {
  return isDigit(code) || code === BACKSLASH
}
