/** Parses an HTTP/1.1 response incrementally, as node:http writes it (RFC 9112). */
import { Buffer } from 'node:buffer'
import { type HeaderField, headerField } from '../../../wire/http2/http2.ts'
import {
  fieldNameOf,
  fieldOf,
  fieldValueOf,
  isConnectionField,
  parseChunkSize,
  parseContentLength,
  parseStatus,
} from './response-lines.ts'

/** Receives the parts of a response: any interim responses, one head, the body, the end. */
export interface ResponseReceiver {
  /** An interim response; its status is not among the fields. Never 101. */
  onInterim(status: number, fields: readonly HeaderField[]): void
  /** The final head. `fields` begins with `:status` and has no field that HTTP/2 forbids. */
  onHead(fields: readonly HeaderField[]): void
  /** A non-empty part of the body, which the receiver may keep. */
  onBody(data: Uint8Array): void
  /** The response is complete. */
  onEnd(trailers: readonly HeaderField[]): void
}

/** The response violates RFC 9112, or HTTP/2 cannot carry it. */
export class MalformedResponseError extends Error {
  override readonly name = 'MalformedResponseError'
}

/** The longest head or trailer section, in characters. Only a handler that writes to the socket itself can reach it. */
const MAX_SECTION_CHARS = 1_048_576

const Expected = Object.freeze({
  STATUS_LINE: 0,
  FIELD: 1,
  /** A body of the length in content-length. */
  FIXED_BODY: 2,
  CHUNK_SIZE: 3,
  CHUNK_DATA: 4,
  /** The empty line after the data of a chunk. */
  CHUNK_END: 5,
  TRAILER: 6,
  /** A body that ends with the connection. */
  OPEN_BODY: 7,
  NOTHING: 8,
})

/** A state machine over `Expected`. Some states read lines, others read body bytes; `push` switches between both. */
export class ResponseReader {
  readonly #receiver: ResponseReceiver
  readonly #isHeadRequest: boolean
  #expected: number = Expected.STATUS_LINE
  /** An incomplete line. */
  #line = ''
  #sectionChars = 0
  #status = 0
  #fields: HeaderField[] = []
  /** The announced length of the body; -1 if it is not announced. */
  #length = -1
  #isChunked = false
  /** The bytes that are left of the body or the chunk. */
  #left = 0

  /** `isHeadRequest`: the response has no body, whatever its head announces. */
  constructor(receiver: ResponseReceiver, isHeadRequest: boolean) {
    this.#receiver = receiver
    this.#isHeadRequest = isHeadRequest
  }

  /** Whether the response has been read completely. */
  get isDone(): boolean {
    return this.#expected === Expected.NOTHING
  }

  /**
   * Parses more input. In lines, each character of a string is one byte, whatever its encoding, as HTTP/2 has only
   * bytes.
   *
   * @throws MalformedResponseError
   */
  push(chunk: string | Buffer, encoding?: BufferEncoding): void {
    if (typeof chunk !== 'string') this.#takeOctets(chunk, false)
    else if (isPlainText(encoding)) this.#takeText(chunk, encoding)
    else this.#takeOctets(Buffer.from(chunk, encoding), true)
  }

  /**
   * Ends the input.
   *
   * @throws MalformedResponseError if the response is incomplete
   */
  finish(): void {
    if (this.#expected === Expected.OPEN_BODY) this.#end()
    if (!this.isDone) throw new MalformedResponseError('response is incomplete')
  }

  get #isLineExpected(): boolean {
    const expected = this.#expected
    return (
      expected <= Expected.FIELD ||
      expected === Expected.CHUNK_SIZE ||
      expected === Expected.CHUNK_END ||
      expected === Expected.TRAILER
    )
  }

  #takeText(text: string, encoding: BufferEncoding | undefined): void {
    let at = 0
    while (at < text.length && this.#isLineExpected) {
      const end = text.indexOf('\n', at)
      this.#takeLine(end < 0 ? text.slice(at) : text.slice(at, end), end >= 0)
      at = end < 0 ? text.length : end + 1
    }
    if (at < text.length) this.#takeOctets(Buffer.from(text.slice(at), encoding), true)
  }

  #takeOctets(data: Buffer, isOwned: boolean): void {
    let at = 0
    while (at < data.length) {
      if (this.#isLineExpected) {
        const end = data.indexOf('\n', at, 'latin1')
        const lineEnd = end < 0 ? data.length : end
        this.#takeLine(data.toString('latin1', at, lineEnd), end >= 0)
        at = end < 0 ? lineEnd : end + 1
      } else {
        const bytes = this.#expected === Expected.OPEN_BODY ? data.length - at : Math.min(this.#left, data.length - at)
        if (bytes === 0) throw new MalformedResponseError('response body is longer than announced')
        const piece = data.subarray(at, at + bytes)
        this.#takeBody(isOwned ? piece : Buffer.from(piece))
        at += bytes
      }
    }
  }

  #takeLine(part: string, isWhole: boolean): void {
    this.#sectionChars += part.length + 1
    if (this.#sectionChars > MAX_SECTION_CHARS) throw new MalformedResponseError('response head is too large')
    const line = this.#line === '' ? part : this.#line + part
    this.#line = isWhole ? '' : line
    if (!isWhole) return
    if (!line.endsWith('\r')) throw new MalformedResponseError('response line without CR')
    this.#onLine(line.slice(0, -1))
  }

  #onLine(line: string): void {
    switch (this.#expected) {
      case Expected.STATUS_LINE:
        this.#startHead(parseStatus(line))
        break
      case Expected.FIELD:
        if (line === '') this.#endHead()
        else this.#takeField(line)
        break
      case Expected.CHUNK_SIZE:
        this.#startChunk(parseChunkSize(line))
        break
      case Expected.CHUNK_END:
        if (line !== '') throw new MalformedResponseError('chunk is longer than announced')
        this.#expectChunk()
        break
      default:
        if (line === '') this.#end()
        else this.#takeTrailer(line)
    }
  }

  /** Interim responses have no `:status` among their fields: the receiver gets it separately. */
  #startHead(status: number | undefined): void {
    if (status === undefined || status === SWITCHING_PROTOCOLS) {
      throw new MalformedResponseError(status === undefined ? 'response has no status line' : 'HTTP/2 has no 101')
    }
    this.#status = status
    this.#fields = status < 200 ? [] : [headerField(':status', String(status))]
    this.#expected = Expected.FIELD
  }

  #takeField(line: string): void {
    const name = fieldNameOf(line)
    if (name === 'transfer-encoding') this.#takeCoding(fieldValueOf(line, name))
    else if (isConnectionField(name)) return
    else if (name === 'content-length') this.#takeLength(makeField(line, name))
    else this.#fields.push(makeField(line, name))
  }

  /** The same length may be repeated (RFC 9110 section 8.6). */
  #takeLength(field: HeaderField): void {
    const length = parseContentLength(field.value)
    if (length === undefined || (this.#length >= 0 && this.#length !== length)) {
      throw new MalformedResponseError('malformed content-length')
    }
    if (this.#length < 0) this.#fields.push(field)
    this.#length = length
  }

  #takeCoding(coding: string): void {
    if (coding.toLowerCase() !== 'chunked') throw new MalformedResponseError(`HTTP/2 cannot carry "${coding}"`)
    this.#isChunked = true
  }

  #endHead(): void {
    const fields = this.#fields
    this.#sectionChars = 0
    if (this.#status < 200) {
      this.#expected = Expected.STATUS_LINE
      this.#length = -1
      this.#isChunked = false
      this.#receiver.onInterim(this.#status, fields)
      return
    }
    // With chunks, content-length is ignored (RFC 9112 section 6.3).
    const isLengthVoid = this.#isChunked && this.#length >= 0
    this.#receiver.onHead(isLengthVoid ? fields.filter(({ name }) => name !== 'content-length') : fields)
    this.#startBody()
  }

  /** In the order of the rules in RFC 9112 section 6.3. */
  #startBody(): void {
    if (this.#isHeadRequest || this.#status === NO_CONTENT || this.#status === NOT_MODIFIED) this.#end()
    else if (this.#isChunked) this.#expectChunk()
    else if (this.#length === 0) this.#end()
    else if (this.#length > 0) {
      this.#left = this.#length
      this.#expected = Expected.FIXED_BODY
    } else this.#expected = Expected.OPEN_BODY
  }

  #expectChunk(): void {
    this.#expected = Expected.CHUNK_SIZE
    this.#sectionChars = 0
  }

  #startChunk(size: number | undefined): void {
    if (size === undefined) throw new MalformedResponseError('malformed chunk size')
    this.#fields = []
    this.#left = size
    this.#expected = size === 0 ? Expected.TRAILER : Expected.CHUNK_DATA
  }

  #takeBody(piece: Buffer): void {
    this.#left -= piece.length
    const hasEnded = this.#left === 0
    this.#receiver.onBody(piece)
    if (!hasEnded) return
    if (this.#expected === Expected.CHUNK_DATA) this.#expected = Expected.CHUNK_END
    else this.#end()
  }

  #takeTrailer(line: string): void {
    const name = fieldNameOf(line)
    if (!isConnectionField(name)) this.#fields.push(makeField(line, name))
  }

  /** Stray input after the end is a fault, which `push` reports. */
  #end(): void {
    const trailers = this.#expected === Expected.TRAILER ? this.#fields : NO_FIELDS
    this.#expected = Expected.NOTHING
    this.#left = 0
    this.#receiver.onEnd(trailers)
  }
}

const NO_FIELDS: readonly HeaderField[] = Object.freeze([])

const SWITCHING_PROTOCOLS = 101
const NO_CONTENT = 204
const NOT_MODIFIED = 304

/** @throws MalformedResponseError */
function makeField(line: string, name: string): HeaderField {
  const field = fieldOf(line, name)
  if (field === undefined) throw new MalformedResponseError(`HTTP/2 cannot carry the field "${name}"`)
  return field
}

/** The encodings in which node:http writes heads. */
function isPlainText(encoding: BufferEncoding | undefined): boolean {
  return encoding === undefined || encoding === 'latin1' || encoding === 'utf8' || encoding === 'ascii'
}
