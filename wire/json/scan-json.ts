/** Bounds what a JSON text costs, before it is parsed: one pass over its tokens. */
import { Code, ConnectError } from '@connectrpc/connect'
import { overBudget } from '../decode-budget/decode-budget.ts'
import { clipValue } from '../text/clip-text.ts'
import { mayLoseDigits } from './exact-integer.ts'
import { ObjectShapes } from './object-shapes.ts'

/** What a text is held to. */
export interface JsonBounds {
  /** Arrays and objects within each other. */
  readonly maxDepth: number
  /** What its values may take in memory, in bytes. */
  readonly budgetBytes: number
}

/** What a scan has found. */
export interface JsonScanned {
  /** Where numbers begin and end, in turn, that a double may not hold. */
  readonly longNumbers: readonly number[]
  /** There are strings or keys too long for an integer, which begin like one. */
  readonly hasLongDigits: boolean
  /** What its values take in memory, estimated. */
  readonly bytes: number
  /** How many arrays and objects it has, how many other values, and how many keys that begin with a digit. */
  readonly containers: number
  readonly scalars: number
  readonly indexKeys: number
}

/** Longer literals are refused. A double never needs as many digits. */
const MAX_NUMBER_CHARS = 1_024

/** Longer strings are no integers. */
export const MAX_INTEGER_CHARS = 64

/** No text takes more for each of its characters: the worst are objects whose keys are always in another order. */
const MAX_BYTES_PER_CHAR = 132

/** What `JSON.parse` allocates for a value, as measured on Node 22 to 26; small numbers and letters are shared. */
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
 * Scans a text. What is not JSON is left to the parser: the scan ends for every text, in time linear in its length.
 *
 * @throws ConnectError INVALID_ARGUMENT for a text nested too deep, a number too long or a key that an object has twice (as the
 *   JSON mapping of protobuf has it); RESOURCE_EXHAUSTED for one over the budget
 */
export function scanJson(text: string, bounds: JsonBounds): JsonScanned {
  return new JsonScan(text, bounds).run()
}

class JsonScan {
  readonly #text: string
  readonly #bounds: JsonBounds
  readonly #open: MemberNames[] = []
  /** Null for a text that is within the budget whatever its keys are. */
  readonly #shapes: ObjectShapes | null
  readonly #longNumbers: number[] = []
  #bytes = 0
  #containers = 0
  #scalars = 0
  #indexKeys = 0
  /** The first backslash that no string before has; -1: not looked for yet. */
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

  /** Returns where the next token begins. */
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

  /** A number, a literal name, or space. */
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
    // Where a key is meant, a number is not JSON.
    const isLong = !this.#expectsName && mayLoseDigits(text, start, end)
    if (isLong) this.#longNumbers.push(start, end)
    this.#scalar(isLong ? LONG_NUMBER_BYTES : end - start > MAX_SHARED_CHARS ? NUMBER_BYTES : SLOT_BYTES)
    return end
  }

  /** @param start behind the quote */
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

  /** Two names are one when they are equal without their escapes. */
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

/** Where the string ends whose first escape stands at `from`. */
function endBehindEscapes(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}

/** A name that cannot be read is left as it is: the parser will say so. */
function withoutEscapes(text: string): string {
  try {
    return JSON.parse(`"${text}"`)
  } catch {
    return text
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a
}

/** Digits and `+ - . e E`. */
function isOfNumber(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x2d || code === 0x2b || code === 0x65 || code === 0x45
}

/** What a string begins with that could be read as an integer: no letter, and none of the marks of ordinary text. */
function isOfInteger(code: number): boolean {
  return isDigit(code) || code <= 0x20 || code === 0x2b || code === 0x2d || code === BACKSLASH || code > 0x7f
}
