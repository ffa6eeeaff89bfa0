/** The lines of an HTTP/1.1 response: its status, its fields, the sizes of its chunks (RFC 9112 sections 4, 5 and 7.1). */
import { Buffer } from 'node:buffer'
import { type HeaderField, headerField } from '../../../wire/http2/http2.ts'

const STATUS_LINE = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: |$)/

/** Fields of a connection, which HTTP/2 must not carry (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Digits that a double holds exactly. */
const CONTENT_LENGTH = /^[0-9]{1,15}$/
/** Extensions concern the two ends of a connection alone (RFC 9112 section 7.1.1). */
const CHUNK_SIZE = /^([0-9a-f]{1,12})[\t ]*(?:;|$)/i

/** Returns the status that a status line states; undefined for any other line. */
export function parseStatus(line: string): number | undefined {
  const digits = STATUS_LINE.exec(line)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Returns the octets that a content-length announces; undefined for any other value. */
export function parseContentLength(value: string): number | undefined {
  return CONTENT_LENGTH.test(value) ? Number(value) : undefined
}

/** Returns the size of the chunk that begins with this line; undefined for any other line. */
export function parseChunkSize(line: string): number | undefined {
  const digits = CHUNK_SIZE.exec(line)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 16)
}

/** Returns the name that a line of a head begins with, in lower case; empty for a line without a name. */
export function fieldNameOf(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase()
}

/** Returns the value of a line that begins with `name`, without the blanks around it. */
export function fieldValueOf(line: string, name: string): string {
  let start = name.length + 1
  let end = line.length
  while (start < end && isBlank(line.charCodeAt(start))) start++
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--
  return line.slice(start, end)
}

/** Whether a field stays with its connection. */
export function isConnectionField(name: string): boolean {
  return CONNECTION_FIELDS.has(name)
}

/** Returns the field of a line that begins with `name`; undefined where HTTP/2 cannot carry it. */
export function fieldOf(line: string, name: string): HeaderField | undefined {
  const field = headerField(name, octetsOf(fieldValueOf(line, name)))
  return field.fault === 0 ? field : undefined
}

/** node:http decodes the value of content-disposition as UTF-8 where it knows the length of the body. */
function octetsOf(value: string): string {
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) > 0xff) return Buffer.from(value).toString('latin1')
  }
  return value
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
