/** Reads the authority of a request: what HTTP/1.1 says in Host and HTTP/2 in :authority (RFC 9110 section 7.2). */

/** A host and, where it was named, a port. */
export interface Authority {
  /** Lower case. IPv6 addresses keep their brackets. */
  readonly host: string
  readonly port: number | undefined
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9\-._~%!$&'()*+,;=]+)(?::(\d{0,5}))?$/
const MAX_PORT = 65_535

/** Returns the authority, or undefined where the text is none: spaces, a stray bracket, userinfo, a port out of range. */
export function parseAuthority(text: string): Authority | undefined {
  const [, host, digits] = AUTHORITY.exec(text.toLowerCase()) ?? []
  if (host === undefined) return undefined
  const port = digits === undefined || digits === '' ? undefined : Number(digits)
  if (port !== undefined && port > MAX_PORT) return undefined
  if (!URL.canParse(`http://${host}/`)) return undefined
  return { host, port }
}

/**
 * Whether a peer of HTTP/2 may state this: what its scheme makes of it is its own, as the path of a socket, the name of a
 * cluster, or an address with its zone. Userinfo is nobody's (RFC 9113 section 8.3.1).
 */
export function isPrintableAuthority(text: string): boolean {
  return /^[!-?A-~]+$/.test(text)
}

/** The authority that a URL gets: `localhost` in place of one that no URL can have, as the path of a socket, or of none. */
export function urlAuthorityOf(text: string): string {
  return parseAuthority(text) === undefined ? 'localhost' : text
}

/**
 * Whether two authorities, as peers write them, name the same place: in any case, and with no port for a default one.
 *
 * @param scheme whose default port counts. Default: that of http, and that of https
 */
export function isSameAuthority(a: string, b: string, scheme?: string): boolean {
  if (a === b) return true
  const [first, second] = [split(a), split(b)]
  if (first.host !== second.host) return false
  const [port, other] = first.port === '' ? [second.port, first.port] : [first.port, second.port]
  return port === other || (other === '' && isDefault(port, scheme))
}

function split(text: string): { host: string; port: string } {
  const colon = text.lastIndexOf(':')
  const hasPort = colon > text.lastIndexOf(']')
  return {
    host: text.slice(0, hasPort ? colon : text.length).toLowerCase(),
    port: hasPort ? text.slice(colon + 1) : '',
  }
}

function isDefault(port: string, scheme: string | undefined): boolean {
  if (port === '80') return scheme !== 'https'
  return port === '443' && scheme !== 'http'
}
