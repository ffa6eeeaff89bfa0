/** Reads JSON into a tree, and says in plain words where and why a text is none. It accepts what `JSON.parse` accepts. */
import type { JsonMember, JsonNode, JsonString, Span } from './json-node.ts'

/** Why a text is not JSON. */
export class JsonSyntaxError extends Error {
  readonly span: Span

  constructor(message: string, span: Span) {
    super(message)
    this.name = 'JsonSyntaxError'
    this.span = span
  }
}

/** Parsers of protobuf allow 100 messages inside each other, each of which may be in a list or a map. */
export const MAX_LEVELS = 300

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[\w$.+-]+/y
const [TAB, LINE_FEED, RETURN, SPACE, QUOTE, BACKSLASH] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x5c]
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

/** @throws JsonSyntaxError */
export function parseJson(text: string): JsonNode {
  return new JsonReader(text).read()
}

class JsonReader {
  readonly #text: string
  #at = 0
  #levels = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): JsonNode {
    this.#skipSpace()
    const root = this.#value()
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#fault('Nothing may follow the end of the JSON value.')
    return root
  }

  #value(): JsonNode {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      default:
        return this.#bare()
    }
  }

  #enter(): number {
    this.#levels++
    if (this.#levels > MAX_LEVELS) throw this.#fault(`Values are nested more than ${MAX_LEVELS} levels deep.`)
    return this.#at++
  }

  #object(): JsonNode {
    const start = this.#enter()
    const members: JsonMember[] = []
    while (!this.#closes('}', members.length, 'object', start)) {
      if (this.#text[this.#at] !== '"') throw this.#fault('A key in double quotes is expected here.')
      const key = this.#string()
      this.#skipSpace()
      if (this.#text[this.#at] !== ':') throw this.#fault('A colon is expected between a key and its value.')
      this.#at++
      this.#skipSpace()
      members.push({ key, value: this.#value() })
    }
    this.#levels--
    return { kind: 'object', start, end: this.#at, members }
  }

  #array(): JsonNode {
    const start = this.#enter()
    const items: JsonNode[] = []
    while (!this.#closes(']', items.length, 'array', start)) items.push(this.#value())
    this.#levels--
    return { kind: 'array', start, end: this.#at, items }
  }

  /** Reads up to the next element, or past the end of the object or array. */
  #closes(bracket: string, count: number, kind: string, start: number): boolean {
    this.#skipSpace()
    if (this.#at >= this.#text.length) {
      throw new JsonSyntaxError(`The ${kind} that begins here lacks its ${bracket}.`, { start, end: start + 1 })
    }
    if (this.#text[this.#at] === bracket) {
      this.#at++
      return true
    }
    if (count === 0) return false
    if (this.#text[this.#at] !== ',') throw this.#fault(`A comma or ${bracket} is expected here.`)
    this.#at++
    this.#skipSpace()
    if (this.#text[this.#at] === bracket) throw this.#fault('No comma may follow the last element.')
    return false
  }

  #string(): JsonString {
    const start = this.#at++
    let hasEscapes = false
    for (;;) {
      this.#skipPlain()
      const next = this.#text[this.#at]
      if (next === '"') break
      if (next === undefined || next === '\n' || next === '\r') {
        throw new JsonSyntaxError('The string that begins here lacks its closing quote.', { start, end: this.#at })
      }
      if (next !== '\\') throw this.#fault('Control characters in strings must be escaped, as \\t or \\u0009.')
      hasEscapes = true
      if (this.#match(ESCAPE) === '') throw this.#fault('This is not an escape of JSON, such as \\n or \\u00e9.', 2)
    }
    this.#at++
    const inner = this.#text.slice(start + 1, this.#at - 1)
    return { kind: 'string', start, end: this.#at, value: hasEscapes ? JSON.parse(`"${inner}"`) : inner }
  }

  #bare(): JsonNode {
    const start = this.#at
    const word = this.#match(WORD)
    const end = this.#at
    this.#at = start
    if (word === '') throw this.#fault(start < this.#text.length ? 'A value is expected here.' : 'A value is missing.')
    const literal = LITERALS.get(word)
    if (literal !== undefined) {
      this.#at = end
      return { kind: 'literal', start, end, value: literal }
    }
    if (this.#match(NUMBER) === word) return { kind: 'number', start, end, raw: word }
    throw new JsonSyntaxError(`${shorten(word)} is not a value of JSON; text needs double quotes.`, { start, end })
  }

  // Loops, as a pattern for each space and string takes three times as long.
  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== SPACE && code !== LINE_FEED && code !== RETURN && code !== TAB) return
      this.#at++
    }
  }

  /** Skips characters of a string up to its quote, a backslash or a control character. */
  #skipPlain(): void {
    const text = this.#text
    let at = this.#at
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE || code === BACKSLASH || code < SPACE) break
    }
    this.#at = at
  }

  /** Reads what a sticky pattern matches here. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += match.length
    return match
  }

  #fault(message: string, length = 1): JsonSyntaxError {
    const end = Math.min(this.#at + length, this.#text.length)
    return new JsonSyntaxError(message, { start: this.#at, end })
  }
}

function shorten(word: string): string {
  return word.length > 40 ? `${word.slice(0, 40)}…` : word
}
