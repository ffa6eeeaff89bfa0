/** Splits a text into the messages in it: one per line (NDJSON), or the elements of a JSON array. */

/** A message of a file. */
export interface MessageText {
  readonly text: string
  /** The line in which it begins, from 1. */
  readonly line: number
}

/**
 * Returns the messages. Their texts are as in the file, so that numbers keep all their digits; whether they are JSON is not checked.
 *
 * @throws SyntaxError naming the line, if an array has no end
 */
export function splitMessages(text: string): readonly MessageText[] {
  const body = text.replace(/^\ufeff/, '')
  return body.trimStart().startsWith('[') ? splitArray(body) : splitLines(body)
}

function splitLines(text: string): readonly MessageText[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ text: line.trim(), line: index + 1 }))
    .filter((message) => message.text !== '')
}

/** Walks over the characters, as only commas of the outermost array separate messages. */
function splitArray(text: string): readonly MessageText[] {
  const messages: MessageText[] = []
  const scan = new ArrayScan(text)
  for (let element = scan.next(); element !== null; element = scan.next()) messages.push(element)
  return messages
}

class ArrayScan {
  readonly #text: string
  #at: number
  #line = 1

  constructor(text: string) {
    this.#text = text
    this.#at = 0
    this.#skipTo('[')
  }

  /** Returns the next element, null at the end. */
  next(): MessageText | null {
    this.#skipSpace()
    if (this.#text[this.#at] === ']') return null
    const [start, line] = [this.#at, this.#line]
    let depth = 0
    for (; this.#at < this.#text.length; this.#step()) {
      const character = this.#text[this.#at]
      if (character === '"') this.#skipString()
      else if (character === '{' || character === '[') depth += 1
      else if (depth === 0 && (character === ',' || character === ']')) break
      else if (character === '}' || character === ']') depth -= 1
    }
    if (this.#at >= this.#text.length) throw new SyntaxError(`line ${line}: the array has no end`)
    const text = this.#text.slice(start, this.#at).trim()
    if (this.#text[this.#at] === ',') this.#step()
    return { text, line }
  }

  #skipTo(character: string): void {
    while (this.#text[this.#at] !== character) this.#step()
    this.#step()
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#step()
  }

  /** Stops at the closing quote. */
  #skipString(): void {
    for (this.#step(); this.#at < this.#text.length && this.#text[this.#at] !== '"'; this.#step()) {
      if (this.#text[this.#at] === '\\') this.#step()
    }
  }

  #step(): void {
    if (this.#text[this.#at] === '\n') this.#line += 1
    this.#at += 1
  }
}
