/** An HTTP request and its response over HTTP/1.1. */
import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as startRequest,
} from 'node:http'
import { Code, ConnectError } from '@connectrpc/connect'
import { BodyBuffer, copyOf, socketReason } from '../../../wire/http2/http2.ts'
import type { HttpExchange, HttpFailure, HttpField, HttpListener, HttpRequest } from '../contracts/http-exchange.ts'
import { isOverLimits, type MetadataLimits, maxFieldsOf, overLimits } from '../contracts/metadata-limits.ts'

/** What an exchange depends on. */
export interface Http1ExchangeParts {
  /** Provides the socket. */
  readonly agent: Agent
  /** The limits of response heads. */
  readonly metadataLimits: MetadataLimits
  readonly listener: HttpListener
  /** The socket is free or closed. Called once, whatever the outcome. */
  readonly onDone: (hasAnswered: boolean) => void
}

/** The error codes of a server that closes a kept-alive socket. */
const HANG_UPS: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/** Unread octets stay in the socket, whose window stops the server. */
export class Http1Exchange implements HttpExchange {
  readonly #listener: HttpListener
  readonly #isIdempotent: boolean
  readonly #limits: MetadataLimits
  readonly #request: ClientRequest
  readonly #body = new BodyBuffer()
  #writtenBytes = 0
  #response: IncomingMessage | null = null
  /** Number of requested octets; 0 if none are. */
  #wanted = 0
  #isAtEnd = false
  #isOver = false

  /** Sends the request once there is a socket for it. Throws TypeError for an invalid head. */
  constructor(request: HttpRequest, { agent, metadataLimits, listener, onDone }: Http1ExchangeParts) {
    const { method, path, body } = request
    this.#listener = listener
    this.#isIdempotent = request.isIdempotent
    this.#limits = metadataLimits
    this.#request = startRequest({
      agent,
      method,
      path,
      headers: headersOf(request),
      maxHeaderSize: metadataLimits.maxHeaderListBytes,
    })
      .on('response', (response) => this.#onResponse(response))
      .on('drain', () => this.#onWritable())
      .on('error', (error) => this.#onError(error))
      .on('close', () => {
        // The agent gets its socket back only after this event.
        queueMicrotask(() => onDone(this.#isAtEnd))
        this.#onError(new Error('the server hung up'))
      })
    // One more than allowed, so that an excess is visible.
    this.#request.maxHeadersCount = maxFieldsOf(metadataLimits) + 1
    if (body === null) this.#request.flushHeaders()
    else {
      this.#writtenBytes = body.byteLength
      this.#request.end(body)
    }
  }

  /** Octets sent: without those that still wait in the request, including its head. */
  get sentBytes(): number {
    return Math.max(0, this.#writtenBytes - this.#request.writableLength)
  }

  get isPeerDone(): boolean {
    return this.#isAtEnd
  }

  get readableBytes(): number {
    return this.#body.length
  }

  want(bytes: number): boolean {
    if (this.#isOver) return false
    this.#pull(bytes)
    const isThere = this.#isAtEnd || this.#body.length >= bytes
    this.#wanted = isThere ? 0 : bytes
    return isThere
  }

  byteAt(offset: number): number {
    return this.#body.byteAt(offset)
  }

  read(bytes: number): Buffer {
    return this.#body.read(bytes)
  }

  write(data: Uint8Array): boolean {
    if (this.#isOver) return true
    this.#writtenBytes += data.byteLength
    return this.#request.write(data)
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    return this.write(copyOf(buffer, start, end))
  }

  end(): void {
    if (!this.#isOver) this.#request.end()
  }

  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    // Another request may be using the socket by now.
    if (this.#isAtEnd && this.#request.writableFinished) return
    // Node reuses the socket once the response is read to its end, so the rest is drained.
    this.#response?.removeAllListeners('readable')
    this.#request.destroy()
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#isOver) return
    const fields = toFields(response.rawHeaders)
    this.#response = response
    if (isOverLimits(fields, this.#limits)) {
      this.cancel()
      this.#listener.onFailed({ error: overLimits('headers'), processing: 'unknown' })
      return
    }
    response
      .on('readable', () => this.#onReadable())
      .on('end', () => {
        this.#isAtEnd = true
        this.#onReadable()
      })
      .on('error', (error) => this.#fail(error))
    this.#listener.onHead({ status: response.statusCode ?? 0, fields })
  }

  #onReadable(): void {
    if (this.#wanted > 0 && this.want(this.#wanted)) this.#listener.onReadable()
  }

  /** Reads no more than requested, as far as Node allows. The rest stays in the socket. */
  #pull(bytes: number): void {
    while (this.#body.length < bytes) {
      const chunk: Buffer | null = this.#response?.read() ?? null
      if (chunk === null) return
      this.#body.push(chunk, 0, chunk.byteLength)
    }
  }

  #onWritable(): void {
    if (!this.#isOver) this.#listener.onWritable()
  }

  /** Handles an error of the request. A readable response takes precedence, as a server may not need the rest of the request. */
  #onError(error: Error): void {
    const isBroken = this.#response?.complete === false && isFaultOfHttp(error)
    if (this.#response === null || isBroken) this.#fail(error)
    else this.#onWritable()
  }

  #fail(cause: Error): void {
    if (this.#isOver || this.#isAtEnd) return
    this.#isOver = true
    this.#listener.onFailed({ error: toConnectError(cause), processing: this.#processingOf(cause) })
  }

  /** Idempotent requests may be sent again if a reused socket turns out to be closed (RFC 9112, section 9.3.1). */
  #processingOf(cause: Error): HttpFailure['processing'] {
    if (cause instanceof ConnectError) return 'unsent'
    const isStale = this.#response === null && this.#request.reusedSocket && HANG_UPS.has(codeOf(cause))
    return isStale && this.#isIdempotent ? 'refused' : 'unknown'
  }
}

function headersOf({ method, authority, fields, body }: HttpRequest): OutgoingHttpHeaders {
  return {
    host: authority,
    ...byName(fields),
    ...(body !== null && method !== 'GET' && { 'content-length': body.byteLength }),
  }
}

/** Groups values by name, as Node sends each value of a list as its own field. Without a prototype, as `__proto__` is a valid name. */
function byName(fields: readonly HttpField[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null)
  for (const { name, value } of fields) {
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}

function toFields(raw: readonly string[]): HttpField[] {
  const fields: HttpField[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    fields.push({ name: (raw[at] ?? '').toLowerCase(), value: raw[at + 1] ?? '' })
  }
  return fields
}

/** Converts a socket error. Errors of failed connections are ConnectErrors already. */
function toConnectError(cause: Error): ConnectError {
  if (cause instanceof ConnectError) return cause
  return new ConnectError(`the call was cut off: ${socketReason(cause)}`, codeFor(cause), undefined, undefined, cause)
}

function codeFor(cause: Error): Code {
  if (codeOf(cause) === 'HPE_HEADER_OVERFLOW') return Code.ResourceExhausted
  return isFaultOfHttp(cause) ? Code.Internal : Code.Unavailable
}

/** The error codes of Node's HTTP parser start with `HPE_`. */
function isFaultOfHttp(error: Error): boolean {
  const code = codeOf(error)
  return typeof code === 'string' && code.startsWith('HPE_')
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}
