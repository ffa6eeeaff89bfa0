/** Turns the metadata that applications set into fields for the wire. */
import { Code, type ConnectError } from '@connectrpc/connect'
import type { EncodableField } from './http2/http2.ts'

/** What belongs to HTTP and to the protocols: an application that sets one of these is ignored (as grpc-go and Connect do). */
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

/** Whether a field, by its lower-case name, is HTTP's or a protocol's to set. */
export function isReservedField(name: string): boolean {
  return RESERVED.has(name)
}

/** gRPC over HTTP/2, ASCII-Value; `Headers` has taken the whitespace off both ends. */
const PRINTABLE = /^[\x20-\x7e]*$/

/**
 * Returns the fields of some metadata, names in lower case, each with `prefix` before its name. `Headers` joins the values of a name
 * by commas: those of a binary one, in whose base64 no comma stands, are fields of their own, as most peers read no list there.
 *
 * @throws TypeError for a value that may not go on the wire: a fault of the application
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

/** In these an answer names the encodings that the request could have been in. */
const ACCEPTED_ENCODINGS = ['grpc-accept-encoding', 'connect-accept-encoding', 'accept-encoding']

/** The metadata of an error that goes to the client: not that of one which came from another server. */
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
