/** Encodes a message in the query of a GET request. */
import { Buffer } from 'node:buffer'

/**
 * Returns the query, with its question mark (Connect protocol, Unary-Get-Request, in the specified order, for the benefit of caches).
 *
 * @param encoding the compression of the message; null for none
 */
export function connectQuery(data: Uint8Array, contentType: string, encoding: string | null): string {
  const codec = contentType.slice(contentType.indexOf('/') + 1)
  const isText = codec === 'json' && encoding === null
  const base64 = isText ? '' : '&base64=1'
  const compression = encoding === null ? '' : `&compression=${encodeURIComponent(encoding)}`
  const octets = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const message = isText ? encodeURIComponent(octets.toString('utf8')) : octets.toString('base64url')
  return `?connect=v1${base64}${compression}&encoding=${codec}&message=${message}`
}
