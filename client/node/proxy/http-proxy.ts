/** An HTTP proxy, parsed from its URL. */
import { createSecureContext } from 'node:tls'
import type { TcpAddress } from '../contracts/endpoint.ts'
import type { DialTls } from '../tls/dial-tls.ts'

/** A proxy that opens tunnels (`CONNECT`, RFC 9110 section 9.3.6). */
export interface HttpProxy {
  /** The name in messages, without user and password. */
  readonly name: string
  readonly address: TcpAddress
  /** TLS for the connection to the proxy; null for cleartext. */
  readonly tls: DialTls | null
  /** The value of `Proxy-Authorization`; null for none. */
  readonly authorization: string | null
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/**
 * Parses `http://user:password@proxy.example:3128`. The default scheme is `http:`.
 *
 * @param source the name of the option or variable with the URL
 * @throws RangeError that names the source, but not the URL, which may contain a password
 */
export function parseHttpProxy(text: string, source: string): HttpProxy {
  const url = readUrl(text)
  const defaultPort = url === null ? undefined : DEFAULT_PORTS[url.protocol]
  if (url === null || defaultPort === undefined || !/^\/?$/.test(url.pathname + url.search + url.hash)) {
    throw new RangeError(
      `${source} must be the URL of a proxy, such as http://proxy.example:3128 or https://proxy.example`,
    )
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    name: url.host,
    address: { host, port: url.port === '' ? defaultPort : Number(url.port) },
    tls:
      url.protocol === 'https:'
        ? { defaultServerName: host, alpn: 'http/1.1', secureContext: () => createSecureContext() }
        : null,
    authorization: basicAuthorization(url),
  }
}

function readUrl(text: string): URL | null {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  return URL.canParse(url) ? new URL(url) : null
}

/** Returns the header value of basic authentication (RFC 7617). */
function basicAuthorization({ username, password }: URL): string | null {
  if (username === '' && password === '') return null
  return `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')}`
}

/** Percent-decodes text, or returns it unchanged if that fails. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
