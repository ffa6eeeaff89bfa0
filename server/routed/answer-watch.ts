/**
 * Intercepts a response that anything but the call itself writes: a hook that answers or fails, an error handler,
 * Express middleware. It replaces methods of the response object, because every response passes those.
 */
import { Buffer } from 'node:buffer'
import type { OutgoingHttpHeader, ServerResponse } from 'node:http'

/** A longer body is not an error message; the rest is discarded. */
const MAX_BODY_BYTES = 65_536

/** A response that the call did not write. */
export interface ForeignAnswer {
  readonly status: number
  /** Fields that were passed to `writeHead` only, by lower-case name. */
  readonly fields: Readonly<Record<string, OutgoingHttpHeader>>
  /** The body, in chunks. */
  readonly chunks: readonly Uint8Array[]
}

/** Answers in place of an intercepted response. */
export interface AnswerTranslator {
  /** Returns whether a response passes unchanged. Called once, before its first part is written. */
  lets(status: number, contentType: string): boolean
  /** Called when the watch has been released, so what is written now is sent. */
  translate(answer: ForeignAnswer): void
}

type Fields = Record<string, OutgoingHttpHeader>
const kWatch = Symbol('portico: the watch of a response')

type WatchedResponse = ServerResponse & { [kWatch]: AnswerWatch }

/**
 * Watches a response until it is released, or until something else has answered. All watches share the same functions,
 * which are set on the response object itself. They survive a library that replaces its prototype, as Express does, and
 * a library that wraps them reaches the originals once the watch is released.
 */
export class AnswerWatch {
  isReleased = false
  /** The original methods. */
  readonly writeHead: ServerResponse['writeHead']
  readonly write: ServerResponse['write']
  readonly end: ServerResponse['end']
  readonly flushHeaders: ServerResponse['flushHeaders']
  readonly #response: ServerResponse
  readonly #translator: AnswerTranslator
  #status: number | undefined
  #fields: Fields = {}
  #chunks: Uint8Array[] = []
  #bytes = 0

  /** Releases a watch that is on the response already: the newer one is closer to the final answer. */
  constructor(response: ServerResponse, translator: AnswerTranslator) {
    ;(response as Partial<WatchedResponse>)[kWatch]?.release()
    this.#response = response
    this.#translator = translator
    this.writeHead = response.writeHead
    this.write = response.write
    this.end = response.end
    this.flushHeaders = response.flushHeaders
    ;(response as WatchedResponse)[kWatch] = this
    response.writeHead = writeHead as ServerResponse['writeHead']
    response.write = write as ServerResponse['write']
    response.end = end as ServerResponse['end']
    response.flushHeaders = flushHeaders as ServerResponse['flushHeaders']
  }

  /** Restores the original methods. */
  release(): void {
    this.isReleased = true
    const response = this.#response
    if (response.writeHead === writeHead) response.writeHead = this.writeHead
    if (response.write === write) response.write = this.write
    if (response.end === end) response.end = this.end
    if (response.flushHeaders === flushHeaders) response.flushHeaders = this.flushHeaders
  }

  /** Holds a head back. It is sent with the translated answer, or not at all. */
  onHead(status: number, fields: Fields): void {
    this.#status = status
    this.#fields = fields
    // A second head discards the first answer.
    this.#chunks = []
    this.#bytes = 0
  }

  /** Returns false if the answer has been translated and no more is needed. */
  onChunk(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk)
    this.#bytes += chunk.byteLength
    if (this.#bytes <= MAX_BODY_BYTES) return true
    this.onEnd()
    // The writer does not know that the call was answered, so it is held back until it sees the response closed.
    this.#response.write = holdBack as ServerResponse['write']
    this.#response.end = dropEnd as ServerResponse['end']
    return false
  }

  /** The answer is complete. Releases first, because the translator writes to the same response. */
  onEnd(): void {
    this.release()
    const status = this.#status ?? this.#response.statusCode
    this.#translator.translate({ status, fields: this.#fields, chunks: this.#chunks })
  }

  /** Whether what is being written passes unchanged. */
  passes(status = this.#response.statusCode, fields: Fields = {}): boolean {
    if (this.isReleased) return true
    if (this.#status !== undefined || this.#bytes > 0) return false
    const type = fields['content-type'] ?? this.#response.getHeader('content-type') ?? ''
    if (this.#translator.lets(status, String(type))) this.release()
    return this.isReleased
  }
}

/** As `ServerResponse.writeHead`, whose reason phrase is optional. */
function writeHead(this: WatchedResponse, ...given: Parameters<ServerResponse['writeHead']>): ServerResponse {
  const watch = this[kWatch]
  if (watch.isReleased) return watch.writeHead.apply(this, given)
  const [status, second, third] = given as unknown[]
  const fields = fieldsOf(typeof second === 'string' ? third : second)
  if (watch.passes(Number(status), fields)) return watch.writeHead.apply(this, given)
  watch.onHead(Number(status), fields)
  return this
}

/** The callbacks of what is not sent are called all the same, so that a writer which waits for them goes on. */
function write(this: WatchedResponse, ...given: Parameters<ServerResponse['write']>): boolean {
  const watch = this[kWatch]
  if (watch.passes()) return watch.write.apply(this, given)
  const [chunk, encoding] = given as unknown[]
  const onWritten = callbackIn(given)
  if (onWritten !== undefined) process.nextTick(onWritten)
  const octets = octetsOf(chunk, encoding)
  return octets === undefined || watch.onChunk(octets)
}

function end(this: WatchedResponse, ...given: Parameters<ServerResponse['end']>): ServerResponse {
  const watch = this[kWatch]
  if (watch.passes()) return watch.end.apply(this, given)
  const [chunk, encoding] = given as unknown[]
  const onEnded = callbackIn(given)
  if (onEnded !== undefined) this.once('finish', onEnded)
  const octets = octetsOf(chunk, encoding)
  if (octets === undefined || watch.onChunk(octets)) watch.onEnd()
  return this
}

/** Does nothing: the head is sent with the translated answer. */
function flushHeaders(this: WatchedResponse): void {
  const watch = this[kWatch]
  if (watch.passes()) watch.flushHeaders.call(this)
}

/** Looks like a full buffer: a stream that is piped here pauses. */
function holdBack(): boolean {
  return false
}

function dropEnd(this: ServerResponse): ServerResponse {
  return this
}

function callbackIn(given: readonly unknown[]): (() => void) | undefined {
  return given.find((value) => typeof value === 'function') as (() => void) | undefined
}

function octetsOf(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk
  if (typeof chunk !== 'string') return undefined
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
}

/** Accepts all forms of `writeHead`: an object, a list of pairs, or a list of alternating names and values. */
function fieldsOf(given: unknown): Fields {
  const fields: Fields = {}
  if (typeof given !== 'object' || given === null) return fields
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given as Fields)) fields[name.toLowerCase()] = value
    return fields
  }
  const list: unknown[] = Array.isArray(given[0]) ? given.flat() : given
  for (let at = 1; at < list.length; at += 2) {
    const name = String(list[at - 1]).toLowerCase()
    const before = fields[name]
    const value = String(list[at])
    fields[name] = before === undefined ? value : [before, value].flat().map(String)
  }
  return fields
}
