/**
 * What a server of node:http does between its parser and its handlers, for requests that its parser has not seen. Uses
 * internals: the methods with an underscore have been the same since Node 12, and tests check that they still are.
 */
import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HeaderField, RequestHead } from '../../../wire/http2/http2.ts'
import type { MemorySocket } from './memory-socket.ts'

/**
 * For a response to HEAD: it may announce trailers, for which HTTP/2 needs no Transfer-Encoding, but node:http throws
 * if a response that is not chunked announces them. As there is no body, nothing else depends on this.
 */
const ALWAYS: PropertyDescriptor = { get: () => true, set: () => {} }

/** Adds fields as the parser does: to the headers until the request is complete, then to the trailers. */
interface ParsedRequest {
  _addHeaderLines(raw: readonly string[], length: number): void
}

/** Emits `drain` when its queued output has been flushed. */
interface QueueingResponse {
  readonly outputData: { data: string; encoding: BufferEncoding; callback: null }[]
  _flush(): void
}

/** A request and its response. */
export interface NodePair {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Creates the pair for an HTTP/2 request. The authority becomes the Host (RFC 9113 section 8.3.1), and split cookies
 * are joined (section 8.2.3).
 */
export function createPair({ method, path, authority, fields }: RequestHead, socket: MemorySocket): NodePair {
  const request = new IncomingMessage(socket as unknown as Socket)
  request.method = method
  request.url = path
  addFields(request, ['host', authority], fields)
  // The response frames its body according to the request's version at this moment.
  setVersion(request, 1, 1)
  const response = new ServerResponse(request)
  setVersion(request, 2, 0)
  if (method === 'HEAD') Object.defineProperty(response, 'chunkedEncoding', ALWAYS)
  response.assignSocket(socket as unknown as Socket)
  socket.on('drain', onDrain)
  return { request, response }
}

/** Gives a request another head, as alternating names and values. */
export function replaceHead(request: IncomingMessage, raw: string[]): void {
  // Cleared, so that the getter parses the raw headers again.
  request.headers = null as unknown as IncomingMessage['headers']
  setFields(request, raw)
}

/** Ends the body of a request. */
export function completeRequest(request: IncomingMessage, trailers: readonly HeaderField[] | null): void {
  request.complete = true
  if (trailers !== null) addFields(request, [], trailers)
  request.push(null)
}

function setVersion(request: IncomingMessage, major: number, minor: number): void {
  request.httpVersionMajor = major
  request.httpVersionMinor = minor
  request.httpVersion = `${major}.${minor}`
}

function addFields(request: IncomingMessage, raw: string[], fields: readonly HeaderField[]): void {
  let cookieAt = -1
  for (const field of fields) {
    const { name, value } = field
    if (isDropped(field)) continue
    if (name === 'cookie' && cookieAt >= 0) raw[cookieAt] += `; ${value}`
    else {
      if (name === 'cookie') cookieAt = raw.length + 1
      raw.push(name, value)
    }
  }
  setFields(request, raw)
}

function setFields(request: IncomingMessage, raw: readonly string[]): void {
  const parsed = request as unknown as ParsedRequest
  parsed._addHeaderLines(raw, raw.length)
}

/** A response emits `drain` only after flushing something, so it gets an empty string to flush. */
function onDrain(this: MemorySocket & { _httpMessage?: ServerResponse | null }): void {
  const response = this._httpMessage
  if (!response?.writableNeedDrain) return
  const queueing = response as unknown as QueueingResponse
  queueing.outputData.push({ data: '', encoding: 'latin1', callback: null })
  queueing._flush()
}

/** Printable ASCII without spaces, or bytes above ASCII. */
const PATH = /^[\x21-\x7e\x80-\xff]*$/
/** Of the control characters only tab is allowed (RFC 9110 section 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Whether node:http2 would reset the stream of such a head, for a space or control character in the path, or a repeated
 * content-length. Applied here so that both lanes behave alike.
 */
export function isRefused({ path, contentLength, fields }: RequestHead): boolean {
  if (!PATH.test(path)) return true
  if (contentLength < 0) return false
  return fields.filter(({ name }) => name === 'content-length').length > 1
}

/** Whether node:http2 would drop such a field. */
function isDropped({ value }: HeaderField): boolean {
  return !VALUE.test(value)
}
