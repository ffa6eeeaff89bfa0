/** Bounds what a JSON text costs, before it is parsed: one pass over its tokens. */
import { Code, ConnectError } from '@connectrpc/connect'
import { clipValue } from '../text/clip-text.ts'
import { mayLoseDigits } from './exact-integer.ts'

/** What a text is held to. */
export interface JsonBounds {
  /** Arrays and objects within each other. */
  readonly maxDepth: number
  /** What its values may take in memory, estimated. */
  readonly maxBytes: number
}

/** Longer literals are refused. A double never needs as many digits. */
export const MAX_NUMBER_CHARS = 1_024

/** Longer strings are no integers. */
export const MAX_INTEGER_CHARS = 64

/** What JavaScript keeps for a value, besides the octets of strings: a slot, or the head of an object and its shape. */
const SCALAR_BYTES = 16
const CONTAINER_BYTES = 64
const KEY_BYTES = 32

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
 * @returns whether it has numbers or strings that need the exact way of reading: see `parseJson`
 * @throws ConnectError INVALID_ARGUMENT for a text nested too deep, a number too long or a member named twice in an object (as
 *   the JSON mapping of protobuf has it); RESOURCE_EXHAUSTED for more values than the bounds allow
 */
export function scanJson(text: string, bounds: JsonBounds): boolean {
  return new JsonScan(text, bounds).run()
}

class JsonScan {
  readonly #text: string
  readonly #maxDepth: number
  readonly #maxBytes: number
  readonly #open: MemberNames[] = []
  #bytes = 0
  /** The first backslash that no string before has; -1: not looked for yet. */
  #escape = -1
  #expectsName = false
  #needsExact = false

  constructor(text: string, { maxDepth, maxBytes }: JsonBounds) {
    this.#text = text
    this.#maxDepth = maxDepth
    this.#maxBytes = maxBytes
  }

  run(): boolean {
    const text = this.#text
    for (let at = 0; at < text.length; ) at = this.#token(text.charCodeAt(at), at)
    return this.#needsExact
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
    if (this.#open.length >= this.#maxDepth) {
      throw new ConnectError(`the JSON is nested deeper than ${this.#maxDepth} levels`, Code.InvalidArgument)
    }
    this.#charge(CONTAINER_BYTES)
    this.#open.push(names)
    this.#expectsName = names === undefined
  }

  /** A number, a literal name, or space. */
  #word(code: number, at: number): number {
    if (code === 0x2d || isDigit(code)) return this.#number(at)
    if (!isLetter(code)) return at + 1
    this.#charge(SCALAR_BYTES)
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
    this.#charge(SCALAR_BYTES)
    if (!this.#needsExact) this.#needsExact = mayLoseDigits(text, start, end)
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
    if (end - start > MAX_INTEGER_CHARS && isOfInteger(text.charCodeAt(start))) this.#needsExact = true
    this.#charge(this.#expectsName ? KEY_BYTES : SCALAR_BYTES)
    if (this.#expectsName) this.#name(hasEscapes ? withoutEscapes(text.slice(start, end)) : text.slice(start, end))
    this.#expectsName = false
    return end + 1
  }

  /** Two names are one when they are equal without their escapes. */
  #name(name: string): void {
    const innermost = this.#open.length - 1
    const names = this.#open[innermost]
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

  #charge(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#maxBytes) {
      throw new ConnectError('the JSON has more values than the decode budget allows', Code.ResourceExhausted)
    }
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
