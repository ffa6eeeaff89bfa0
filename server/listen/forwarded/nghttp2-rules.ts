/**
 * What node:http2 refuses, and what it drops, of requests that RFC 9113 lets pass: Fastify sees the same requests through our
 * HTTP/2 as through that of Node.
 */
import type { HeaderField, RequestHead } from '../../../wire/http2/http2.ts'

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
