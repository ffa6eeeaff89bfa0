/** The key of an opening handshake over HTTP/1.1 (RFC 6455, sections 4.1 and 4.2.2). */
import { createHash } from 'node:crypto'

/** The version that RFC 6455 defines. */
export const WEBSOCKET_VERSION = '13'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Whether a text is 16 octets in base64. */
export function isHandshakeKey(key: string): boolean {
  return /^[+/0-9A-Za-z]{22}==$/.test(key)
}

/** Returns the value of sec-websocket-accept for a key. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** Returns the items of a list field, such as those of sec-websocket-protocol. */
export function listItems(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
