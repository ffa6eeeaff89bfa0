/** Reads the authority of a request: what HTTP/1.1 says in Host and HTTP/2 in :authority (RFC 9110 section 7.2). */

/** A host and, where it was named, a port. */
export interface Authority {
  /** Lower case. IPv6 addresses keep their brackets. */
  readonly host: string
  readonly port: number | undefined
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9\-._~%!$&'()*+,;=]+)(?::(\d{0,5}))?$/
const MAX_PORT = 65_535
const DEFAULT_PORTS = new Set([80, 443])

/** Returns the authority, or undefined where the text is none: spaces, a stray bracket, userinfo, a port out of range. */
export function parseAuthority(text: string): Authority | undefined {
  const [, host, digits] = AUTHORITY.exec(text.toLowerCase()) ?? []
  if (host === undefined) return undefined
  const port = digits === undefined || digits === '' ? undefined : Number(digits)
  if (port !== undefined && port > MAX_PORT) return undefined
  if (!URL.canParse(`http://${host}/`)) return undefined
  return { host, port }
}

/** Whether two authorities name the same place; no port is the same as a default one. */
export function isSameAuthority(a: Authority, b: Authority): boolean {
  return a.host === b.host && (a.port === b.port || isDefault(a, b) || isDefault(b, a))
}

function isDefault({ port }: Authority, other: Authority): boolean {
  return port !== undefined && DEFAULT_PORTS.has(port) && other.port === undefined
}
