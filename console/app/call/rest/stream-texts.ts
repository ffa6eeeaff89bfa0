/** Reads the messages of a server stream of REST: one per line, or server-sent events. */
import { LineSplitter } from './line-splitter.ts'

/** A message, or the error at the end, as JSON text. */
export interface StreamText {
  readonly isError: boolean
  readonly text: string
}

/** Turns octets into messages. */
export interface StreamTextReader {
  feed(octets: Uint8Array): readonly StreamText[]
  finish(): readonly StreamText[]
}

/** Reads `application/x-ndjson`. The error is a last line `{"error":{...}}`: `hasOwnError` says that messages have a field of that name. */
export class NdjsonReader implements StreamTextReader {
  readonly #lines = new LineSplitter()
  readonly #hasOwnError: boolean

  constructor(hasOwnError: boolean) {
    this.#hasOwnError = hasOwnError
  }

  feed(octets: Uint8Array): readonly StreamText[] {
    return this.#lines.feed(octets).flatMap((line) => this.#read(line))
  }

  finish(): readonly StreamText[] {
    return this.#lines.finish().flatMap((line) => this.#read(line))
  }

  #read(line: string): readonly StreamText[] {
    if (line.trim() === '') return []
    const error = this.#hasOwnError ? null : /^\{"error":(\{.*\})\}$/s.exec(line)
    return error === null ? [{ isError: false, text: line }] : [{ isError: true, text: error[1] ?? '' }]
  }
}

/** Reads `text/event-stream` (HTML Living Standard, section 9.2.6). An error is an event of the type `error`. */
export class SseReader implements StreamTextReader {
  readonly #lines = new LineSplitter()
  #data: string[] = []
  #type = ''

  feed(octets: Uint8Array): readonly StreamText[] {
    return this.#lines.feed(octets).flatMap((line) => this.#read(line))
  }

  /** An event that has not ended is incomplete, and is dropped. */
  finish(): readonly StreamText[] {
    return []
  }

  #read(line: string): readonly StreamText[] {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') this.#data.push(value)
    else if (name === 'event') this.#type = value
    return []
  }

  #dispatch(): readonly StreamText[] {
    const events = this.#data.length === 0 ? [] : [{ isError: this.#type === 'error', text: this.#data.join('\n') }]
    this.#data = []
    this.#type = ''
    return events
  }
}
