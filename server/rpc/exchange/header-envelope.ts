/** Response heads in envelopes, as `grpc-websockets` sends them: there are no HTTP headers after the handshake. */
import { Buffer } from 'node:buffer'
import { Code } from '@connectrpc/connect'
import { ENVELOPE_PREFIX_BYTES, EnvelopeFlag, envelop } from '../../../wire/envelope.ts'
import type { EncodableField } from '../../../wire/http2/http2.ts'
import { codeOfHttpStatus } from './refusal.ts'
import type { ResponseBlock } from './response-block.ts'

/** Fields for caches, and for the connection of HTTP: nothing of either is left. */
const HTTP_FIELDS: ReadonlySet<string> = new Set([
  'vary',
  'cache-control',
  'connection',
  'allow',
  'accept-post',
  'content-length',
  'date',
])

/** Returns the fields in an envelope. */
export function headerEnvelope(fields: readonly EncodableField[]): Buffer {
  return envelop(EnvelopeFlag.TRAILERS, Buffer.from(linesOf(fields), 'latin1'))
}

/**
 * Returns a whole response that has no message as one envelope, with headers and trailers together; null for a response
 * that has messages. One without gRPC-Web trailers, such as a refusal in terms of HTTP, gets the status that is closest.
 */
export function trailersOnly(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): Buffer | null {
  const fields = head.fields.filter(({ name }) => name !== 'content-type')
  if (trailers !== null) return body.byteLength > 0 ? null : headerEnvelope([...head.fields, ...trailers.fields])
  if (body[0] === EnvelopeFlag.TRAILERS) {
    const lines = Buffer.from(body.buffer, body.byteOffset, body.byteLength).subarray(ENVELOPE_PREFIX_BYTES)
    return envelop(EnvelopeFlag.TRAILERS, Buffer.concat([Buffer.from(linesOf(head.fields), 'latin1'), lines]))
  }
  return head.status === 200 ? null : headerEnvelope([...fields, ...statusOf(head.status, body)])
}

/** The body of such a refusal is a short text, or JSON, of our own. */
function statusOf(httpStatus: number, body: Uint8Array): EncodableField[] {
  const text = Buffer.from(body).toString('latin1').trim()
  const message = text === '' ? `HTTP status ${httpStatus}` : text
  const code = codeOfHttpStatus(httpStatus) ?? Code.Unknown
  return [
    { name: 'grpc-status', value: String(code) },
    { name: 'grpc-message', value: message.replace(/[^ -$&-~]/g, (char) => encodeURIComponent(char)) },
  ]
}

function linesOf(fields: readonly EncodableField[]): string {
  return fields
    .filter(({ name }) => !HTTP_FIELDS.has(name) && !name.startsWith('access-control-'))
    .map(({ name, value }) => `${name}: ${value}\r\n`)
    .join('')
}
