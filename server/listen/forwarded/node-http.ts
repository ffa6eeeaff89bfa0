/**
 * What a server of node:http does between its parser and its handlers, for requests that its parser has not seen. Also what it
 * keeps to itself: the methods named with an underscore have been the same since Node 12, and tests hold them to it.
 */
import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HeaderField, RequestHead } from '../../../wire/http2/http2.ts'
import type { MemorySocket } from './memory-socket.ts'

/**
 * An answer to HEAD may announce trailers, which over HTTP/2 need no Transfer-Encoding. node:http throws where a head
 * announces them and is not chunked; without a body nothing else depends on it.
 */
const ALWAYS: PropertyDescriptor = { get: () => true, set: () => {} }

/** Takes fields as the parser has them: of the head until the request is complete, then of the trailers. */
interface ParsedRequest {
  _addHeaderLines(raw: readonly string[], length: number): void
}

/** Tells its writer to go on when what it has kept is with the socket. */
interface QueueingResponse {
  readonly outputData: { data: string; encoding: BufferEncoding; callback: null }[]
  _flush(): void
}

/** A request and the response to it. */
export interface NodePair {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Makes the pair for the head of a request over HTTP/2. Its authority is the Host (RFC 9113 section 8.3.1), and cookie crumbs are
 * one field (section 8.2.3).
 */
export function createPair({ method, path, authority, fields }: RequestHead, socket: MemorySocket): NodePair {
  const request = new IncomingMessage(socket as unknown as Socket)
  request.method = method
  request.url = path
  addFields(request, ['host', authority], fields)
  // The response is framed for the version that the request states now.
  setVersion(request, 1, 1)
  const response = new ServerResponse(request)
  setVersion(request, 2, 0)
  if (method === 'HEAD') Object.defineProperty(response, 'chunkedEncoding', ALWAYS)
  response.assignSocket(socket as unknown as Socket)
  socket.on('drain', onDrain)
  return { request, response }
}

/** Gives a request of node:http another head: names and values alternate. */
export function replaceHead(request: IncomingMessage, raw: string[]): void {
  // Empty, they are read off the raw ones when they are next asked for.
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

/** A response learns from what it flushes that there is room, so it is given something to flush. */
function onDrain(this: MemorySocket & { _httpMessage?: ServerResponse | null }): void {
  const response = this._httpMessage
  if (!response?.writableNeedDrain) return
  const queueing = response as unknown as QueueingResponse
  queueing.outputData.push({ data: '', encoding: 'latin1', callback: null })
  queueing._flush()
}

/** Printable ASCII without blanks, and octets outside of ASCII. */
const PATH = /^[\x21-\x7e\x80-\xff]*$/
/** Of control characters the tab alone (RFC 9110 section 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Whether node:http2 resets the stream of such a head: its path has a blank or a control character, or its length stands twice. */
export function isRefused({ path, contentLength, fields }: RequestHead): boolean {
  if (!PATH.test(path)) return true
  if (contentLength < 0) return false
  return fields.filter(({ name }) => name === 'content-length').length > 1
}

/** Whether node:http2 leaves such a field out. */
export function isDropped({ value }: HeaderField): boolean {
  return !VALUE.test(value)
}
