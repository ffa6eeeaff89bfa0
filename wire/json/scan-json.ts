/** Bounds the cost of a JSON text before it is parsed, in one pass over its tokens. */
import { Code, ConnectError } from '@connectrpc/connect'
import { overBudget } from '../decode-budget/decode-budget.ts'
import { clipValue } from '../text/clip-text.ts'
import { mayLoseDigits } from './exact-integer.ts'
import { ObjectShapes } from './object-shapes.ts'

/** Limits of a text. */
export interface JsonBounds {
  /** Maximum depth of nested arrays and objects. */
  readonly maxDepth: number
  /** Maximum memory of its values, in bytes. */
  readonly budgetBytes: number
}

/** The result of a scan. */
export interface JsonScanned {
  /** Start and end, alternating, of the numbers that a double may not represent exactly. */
  readonly longNumbers: readonly number[]
  /** Whether strings or keys start like an integer but are too long for one. */
  readonly hasLongDigits: boolean
  /** Estimated memory of its values. */
  readonly bytes: number
  /** The number of arrays and objects, of other values, and of keys that start with a digit. */
  readonly containers: number
  readonly scalars: number
  readonly indexKeys: number
}

/** Maximum length of a number. No double needs as many digits. */
export const MAX_NUMBER_CHARS = 1_024

/** Longer strings are not integers. */
export const MAX_INTEGER_CHARS = 64

/** The most memory that a text can take per character. The worst texts are objects with keys in ever different orders. */
export const MAX_BYTES_PER_CHAR = 132

/** The bytes that `JSON.parse` allocates for a value, measured on Node 22 to 26. Small numbers and letters are shared. */
const SLOT_BYTES = 16
const NUMBER_BYTES = 24
const STRING_BYTES = 40
const LONG_NUMBER_BYTES = 96
const ARRAY_BYTES = 48
const OBJECT_BYTES = 72
const MAX_SHARED_CHARS = 2

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The member names of an open object: none yet, one, or many; null for an array. */
type MemberNames = string | Set<string> | undefined | null

/**
 * Scans a text in linear time. Leaves syntax errors to the parser.
 *
 * @throws ConnectError INVALID_ARGUMENT for nesting that is too deep, a number that is too long, or a duplicate key (as the JSON mapping
 *   of protobuf requires); RESOURCE_EXHAUSTED for a text that exceeds the budget
 */
export function scanJson(text: string, bounds: JsonBounds): JsonScanned {
  return new JsonScan(text, bounds).run()
}

class JsonScan {
  readonly #text: string
  readonly #bounds: JsonBounds
  readonly #open: MemberNames[] = []
  /** Null for a text that is within the budget whatever its keys. */
  readonly #shapes: ObjectShapes | null
  readonly #longNumbers: number[] = []
  #bytes = 0
  #containers = 0
  #scalars = 0
  #indexKeys = 0
  /** Position of the next backslash after the strings scanned so far; -1 before the first search. */
  #escape = -1
  #expectsName = false
  #hasLongDigits = false

  constructor(text: string, bounds: JsonBounds) {
    this.#text = text
    this.#bounds = bounds
    this.#shapes = text.length * MAX_BYTES_PER_CHAR > bounds.budgetBytes ? new ObjectShapes() : null
  }

  run(): JsonScanned {
    const text = this.#text
    for (let at = 0; at < text.length; ) at = this.#token(text.charCodeAt(at), at)
    return {
      longNumbers: this.#longNumbers,
      hasLongDigits: this.#hasLongDigits,
      bytes: this.#bytes,
      containers: this.#containers,
      scalars: this.#scalars,
      indexKeys: this.#indexKeys,
    }
  }

  /** Scans a token, and returns the start of the next. */
  #token(code: number, at: number): number {
    switch (code) {
      case QUOTE:
        return this.#string(at + 1)
      case OPEN_BRACE:
        this.#enter(undefined)
        break
      case OPEN_BRACKET:
        this.#enter(null)
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.#open.pop()
        this.#expectsName = false
        break
      case COMMA:
        this.#expectsName = this.#open.length > 0 && this.#open[this.#open.length - 1] !== null
        break
      case COLON:
        this.#expectsName = false
        break
      default:
        return this.#word(code, at)
    }
    return at + 1
  }

  #enter(names: null | undefined): void {
    const { maxDepth } = this.#bounds
    const depth = this.#open.length
    if (depth >= maxDepth) {
      throw new ConnectError(`the JSON is nested deeper than ${maxDepth} levels`, Code.InvalidArgument)
    }
    this.#containers++
    this.#charge(names === null ? ARRAY_BYTES : OBJECT_BYTES)
    if (names !== null) this.#shapes?.enter(depth)
    this.#open.push(names)
    this.#expectsName = names === undefined
  }

  /** Scans a number, a literal name, or white space. */
  #word(code: number, at: number): number {
    if (code === 0x2d || isDigit(code)) return this.#number(at)
    if (!isLetter(code)) return at + 1
    this.#scalar(SLOT_BYTES)
    let end = at + 1
    while (isLetter(this.#text.charCodeAt(end))) end++
    return end
  }

  #number(start: number): number {
    const text = this.#text
    let end = start + 1
    while (isOfNumber(text.charCodeAt(end))) end++
    if (end - start > MAX_NUMBER_CHARS) {
      const literal = clipValue(text.slice(start, end))
      throw new ConnectError(`a JSON number is longer than ${MAX_NUMBER_CHARS}: ${literal}`, Code.InvalidArgument)
    }
    // A number in place of a key is not JSON, and is left to the parser.
    const isLong = !this.#expectsName && mayLoseDigits(text, start, end)
    if (isLong) this.#longNumbers.push(start, end)
    this.#scalar(isLong ? LONG_NUMBER_BYTES : end - start > MAX_SHARED_CHARS ? NUMBER_BYTES : SLOT_BYTES)
    return end
  }

  /** @param start position after the opening quote */
  #string(start: number): number {
    const text = this.#text
    let end = text.indexOf('"', start)
    if (end < 0) return text.length
    if (this.#escape < start) this.#escape = indexOrEnd(text, '\\', start)
    const hasEscapes = this.#escape < end
    if (hasEscapes) end = endBehindEscapes(text, this.#escape)
    if (end - start > MAX_INTEGER_CHARS && isOfInteger(text.charCodeAt(start))) this.#hasLongDigits = true
    if (this.#expectsName) this.#name(hasEscapes ? withoutEscapes(text.slice(start, end)) : text.slice(start, end))
    else this.#scalar(end - start > MAX_SHARED_CHARS ? STRING_BYTES : SLOT_BYTES)
    this.#expectsName = false
    return end + 1
  }

  /** Scans a key, which escapes do not distinguish from an equal one. */
  #name(name: string): void {
    const innermost = this.#open.length - 1
    const names = this.#open[innermost]
    if (isDigit(name.charCodeAt(0))) this.#indexKeys++
    this.#charge(this.#shapes === null ? SLOT_BYTES : this.#shapes.add(innermost, name))
    if (names === undefined) {
      this.#open[innermost] = name
      return
    }
    const known = typeof names === 'string' ? new Set([names]) : names
    if (known?.has(name)) {
      throw new ConnectError(`the JSON has the key "${clipValue(name)}" twice in an object`, Code.InvalidArgument)
    }
    known?.add(name)
    this.#open[innermost] = known
  }

  #scalar(bytes: number): void {
    this.#scalars++
    this.#charge(bytes)
  }

  #charge(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#bounds.budgetBytes) throw overBudget(this.#bounds.budgetBytes)
  }
}

function indexOrEnd(text: string, search: string, from: number): number {
  const index = text.indexOf(search, from)
  return index < 0 ? text.length : index
}

/** Returns the end of a string that may have escapes, from its start or from any escape in it. */
export function endBehindEscapes(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}

/** Returns a malformed name as it is, and leaves the error to the parser. */
function withoutEscapes(text: string): string {
  try {
    return JSON.parse(`"${text}"`)
  } catch {
    return text
  }
}

/** Whether a character is an ASCII digit. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a
}

/** Digits and `+ - . e E`. */
function isOfNumber(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x2d || code === 0x2b || code === 0x65 || code === 0x45
}

/** Whether a string with this first character could be read as an integer. */
export function isOfInteger(code: number): boolean {
  return isDigit(code) || code <= 0x20 || code === 0x2b || code === 0x2d || code === BACKSLASH || code > 0x7f
}
