/**
 * Catches what anybody but the call itself writes as the response of a call: Fastify for a hook that answers or fails, an error
 * handler, Express middleware. It stands on the response's own methods, as every answer passes there, whichever way it took.
 */
import { Buffer } from 'node:buffer'
import type { OutgoingHttpHeader, ServerResponse } from 'node:http'

/** More of a body than this tells nobody anything: the rest is dropped. */
const MAX_BODY_BYTES = 65_536

/** A response that the call did not write. */
export interface ForeignAnswer {
  readonly status: number
  /** By lower-case name: fields that stood in the head alone, and are not among those of the response. */
  readonly fields: Readonly<Record<string, OutgoingHttpHeader>>
  /** The body as it was given, in chunks. */
  readonly chunks: readonly Uint8Array[]
}

/** Receives the answer, and answers in its place. */
export interface AnswerTranslator {
  /** Whether what is about to be written goes out as it is, and all that follows: asked before the first of it. */
  lets(status: number, contentType: string): boolean
  /** The watch has been released: what is written now is sent. */
  translate(answer: ForeignAnswer): void
}

type Fields = Record<string, OutgoingHttpHeader>
const kWatch = Symbol('portico: the watch of a response')

type WatchedResponse = ServerResponse & { [kWatch]: AnswerWatch }

/**
 * Watches one response until it is released, or an answer has come. The methods are functions that all watches share, and stand
 * on the response itself: a library that replaces its prototype, as Express does, leaves them in place, and one that wraps them
 * gets to what was there before once the watch is released.
 */
export class AnswerWatch {
  isReleased = false
  /** The methods as they were. */
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

  /** A watch that stands on the response already ends: the new one is closer to what is answered. */
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

  /** From here on the response is what it was before. */
  release(): void {
    this.isReleased = true
    const response = this.#response
    if (response.writeHead === writeHead) response.writeHead = this.writeHead
    if (response.write === write) response.write = this.write
    if (response.end === end) response.end = this.end
    if (response.flushHeaders === flushHeaders) response.flushHeaders = this.flushHeaders
  }

  onHead(status: number, fields: Fields): void {
    this.#status = status
    this.#fields = fields
    // A second head gives up the first answer.
    this.#chunks = []
    this.#bytes = 0
  }

  /** False: no more is needed, and the answer has been translated. */
  onChunk(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk)
    this.#bytes += chunk.byteLength
    if (this.#bytes <= MAX_BODY_BYTES) return true
    this.onEnd()
    // The writer does not know that it has been answered for: it is held back until it sees the response closed.
    this.#response.write = holdBack as ServerResponse['write']
    this.#response.end = dropEnd as ServerResponse['end']
    return false
  }

  onEnd(): void {
    this.release()
    const status = this.#status ?? this.#response.statusCode
    this.#translator.translate({ status, fields: this.#fields, chunks: this.#chunks })
  }

  /** Whether what is being written goes out as it is. */
  passes(status = this.#response.statusCode, fields: Fields = {}): boolean {
    if (this.isReleased) return true
    if (this.#status !== undefined || this.#bytes > 0) return false
    const type = fields['content-type'] ?? this.#response.getHeader('content-type') ?? ''
    if (this.#translator.lets(status, String(type))) this.release()
    return this.isReleased
  }
}

/** As `ServerResponse.writeHead`: the reason phrase may be left out. */
function writeHead(this: WatchedResponse, ...given: Parameters<ServerResponse['writeHead']>): ServerResponse {
  const watch = this[kWatch]
  if (watch.isReleased) return watch.writeHead.apply(this, given)
  const [status, second, third] = given as unknown[]
  const fields = fieldsOf(typeof second === 'string' ? third : second)
  if (watch.passes(Number(status), fields)) return watch.writeHead.apply(this, given)
  watch.onHead(Number(status), fields)
  return this
}

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

/** A head leaves with its answer. */
function flushHeaders(this: WatchedResponse): void {
  const watch = this[kWatch]
  if (watch.passes()) watch.flushHeaders.call(this)
}

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

/** Names to values, as one list in which they alternate, as pairs, or as an object. */
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
