/** Turns the target of a request to a proxy into that of one to its origin. */
import type { IncomingMessage } from 'node:http'
import { isSameAuthority, parseAuthority } from '../../wire/http2/http2.ts'

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)([^#]*)/i
const SLASH = 0x2f

/**
 * Servers accept the absolute form, though only proxies are sent it (RFC 9112 section 3.2.2). Its authority is the Host. A target
 * whose authority is malformed, has userinfo or contradicts the Host stays as it is, for the guard to refuse.
 *
 * @returns whether the request was changed
 */
export function toOriginForm(request: IncomingMessage): boolean {
  const { url = '', method, headers } = request
  if (url.charCodeAt(0) === SLASH) return false
  const [, authority, rest] = ABSOLUTE_FORM.exec(url) ?? []
  if (authority === undefined || rest === undefined || parseAuthority(authority) === undefined) return false
  const { host = '' } = headers
  if (host !== '' && !isSameAuthority(host, authority)) return false
  headers.host = authority
  // Without a path an OPTIONS request is about the server itself (RFC 9112 section 3.2.4).
  if (rest === '' && method === 'OPTIONS') request.url = '*'
  else request.url = rest.charCodeAt(0) === SLASH ? rest : `/${rest}`
  return true
}
