/** Parses the lines of an HTTP/1.1 response: status, fields, chunk sizes (RFC 9112 sections 4, 5 and 7.1). */
import { Buffer } from 'node:buffer'
import { type HeaderField, headerField } from '../../../wire/http2/http2.ts'

const STATUS_LINE = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: |$)/

/** Connection-specific fields, which HTTP/2 must not carry (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** As many digits as a double can represent exactly. */
const CONTENT_LENGTH = /^[0-9]{1,15}$/
/** Chunk extensions concern one connection only, so they are ignored (RFC 9112 section 7.1.1). */
const CHUNK_SIZE = /^([0-9a-f]{1,12})[\t ]*(?:;|$)/i

/** Returns the status of a status line; undefined for any other line. */
export function parseStatus(line: string): number | undefined {
  const digits = STATUS_LINE.exec(line)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Returns the length in a content-length value; undefined for an invalid one. */
export function parseContentLength(value: string): number | undefined {
  return CONTENT_LENGTH.test(value) ? Number(value) : undefined
}

/** Returns the chunk size in a line; undefined for any other line. */
export function parseChunkSize(line: string): number | undefined {
  const digits = CHUNK_SIZE.exec(line)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 16)
}

/** Returns the field name of a line in lower case; empty if there is none. */
export function fieldNameOf(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase()
}

/** Returns the value of a line that begins with `name`, without surrounding whitespace. */
export function fieldValueOf(line: string, name: string): string {
  let start = name.length + 1
  let end = line.length
  while (start < end && isBlank(line.charCodeAt(start))) start++
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--
  return line.slice(start, end)
}

/** Whether a field is connection-specific. */
export function isConnectionField(name: string): boolean {
  return CONNECTION_FIELDS.has(name)
}

/** Returns the field of a line that begins with `name`; undefined if HTTP/2 cannot carry it. */
export function fieldOf(line: string, name: string): HeaderField | undefined {
  const field = headerField(name, octetsOf(fieldValueOf(line, name)))
  return field.fault === 0 ? field : undefined
}

/** node:http passes content-disposition as UTF-8 if it knows the length of the body. */
function octetsOf(value: string): string {
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) > 0xff) return Buffer.from(value).toString('latin1')
  }
  return value
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
