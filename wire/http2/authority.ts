/** Parses the authority of a request: Host in HTTP/1.1, :authority in HTTP/2 (RFC 9110 section 7.2). */

/** A host, and a port if one was given. */
export interface Authority {
  /** Lower case. IPv6 addresses keep their brackets. */
  readonly host: string
  readonly port: number | undefined
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9\-._~%!$&'()*+,;=]+)(?::(\d{0,5}))?$/
const MAX_PORT = 65_535

/** Valid Host values that are remembered, for all clients together: clients choose them, so their number and size are bounded. */
const MAX_HOSTS = 256
const MAX_HOST_CHARS = 256
const knownHosts = new Set<string>()

/** Returns the authority; undefined for invalid text, such as spaces, a stray bracket, userinfo, or a port out of range. */
export function parseAuthority(text: string): Authority | undefined {
  const [, host, digits] = AUTHORITY.exec(text.toLowerCase()) ?? []
  if (host === undefined) return undefined
  const port = digits === undefined || digits === '' ? undefined : Number(digits)
  if (port !== undefined && port > MAX_PORT) return undefined
  if (!URL.canParse(`http://${host}/`)) return undefined
  return { host, port }
}

/**
 * Whether the Host of an HTTP/1.1 request is valid: an authority, or empty (RFC 9112 section 3.2). Valid values are remembered, because
 * parsing one costs more than the rest of a head.
 */
export function isHost(text: string): boolean {
  if (text === '' || knownHosts.has(text)) return true
  if (parseAuthority(text) === undefined) return false
  if (knownHosts.size >= MAX_HOSTS) knownHosts.clear()
  if (text.length <= MAX_HOST_CHARS) knownHosts.add(text)
  return true
}

/**
 * Whether an HTTP/2 peer may send this authority. It may be more than a host and port: the path of a socket, the name of a cluster, an
 * address with a zone. Userinfo is never allowed (RFC 9113 section 8.3.1).
 */
export function isPrintableAuthority(text: string): boolean {
  return /^[!-?A-~]+$/.test(text)
}

/** Returns the authority for a URL: `localhost` in place of one that is empty or not valid in a URL, such as the path of a socket. */
export function urlAuthorityOf(text: string): string {
  return parseAuthority(text) === undefined ? 'localhost' : text
}

/**
 * Whether two authorities are the same, ignoring case and a default port.
 *
 * @param scheme the scheme whose default port is ignored. Default: http and https
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
