/** Converts the metadata that applications set into header fields. */
import { Code, type ConnectError } from '@connectrpc/connect'
import type { EncodableField } from './http2/http2.ts'

/** Fields of HTTP and of the protocols. Values that applications set are ignored (as in grpc-go and Connect). */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'host',
  'date',
  'user-agent',
  'content-type',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'connect-content-encoding',
  'connect-accept-encoding',
  'connect-timeout-ms',
  'connect-protocol-version',
  'grpc-encoding',
  'grpc-accept-encoding',
  'grpc-timeout',
  'grpc-status',
  'grpc-message',
  'grpc-message-type',
  'grpc-status-details-bin',
])

/** Whether HTTP or a protocol owns the field with this lower-case name. */
export function isReservedField(name: string): boolean {
  return RESERVED.has(name)
}

/** ASCII-Value of "gRPC over HTTP/2". `Headers` has trimmed white space. */
const PRINTABLE = /^[\x20-\x7e]*$/

/**
 * Returns metadata as fields, with `prefix` before each lower-case name. `Headers` joins several values by commas; those of binary
 * metadata, whose base64 has no commas, become one field each again, as most peers do not split a list there.
 *
 * @throws TypeError for a value that is not printable ASCII: a fault of the application
 */
export function userFields(headers: Headers | undefined, prefix = ''): EncodableField[] {
  const fields: EncodableField[] = []
  headers?.forEach((value, name) => {
    if (RESERVED.has(name)) return
    if (!PRINTABLE.test(value)) throw new TypeError(`metadata ${name}: the value is not printable ASCII`)
    if (name.endsWith('-bin') && value.includes(',')) pushEach(fields, prefix + name, value)
    else fields.push({ name: prefix + name, value })
  })
  return fields
}

function pushEach(fields: EncodableField[], name: string, values: string): void {
  for (const value of values.split(',')) fields.push({ name, value: value.trim() })
}

/** The fields in which a response lists the encodings that the server accepts. */
const ACCEPTED_ENCODINGS = ['grpc-accept-encoding', 'connect-accept-encoding', 'accept-encoding']

/** Returns the metadata of an error for the client; none if the error came from another server. */
export function errorFields(error: ConnectError): EncodableField[] {
  if (error.isWireError) return []
  const fields = userFields(error.metadata)
  if (error.code !== Code.Unimplemented) return fields
  for (const name of ACCEPTED_ENCODINGS) {
    const value = error.metadata.get(name)
    if (value !== null && PRINTABLE.test(value)) fields.push({ name, value })
  }
  return fields
}
