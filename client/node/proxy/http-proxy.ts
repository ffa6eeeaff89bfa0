/** What is known of an HTTP proxy, and how its URL says it. */
import { createSecureContext } from 'node:tls'
import type { TcpAddress } from '../contracts/endpoint.ts'
import type { DialTls } from '../tls/dial-tls.ts'

/** A proxy that opens tunnels (`CONNECT`, RFC 9110 section 9.3.6). */
export interface HttpProxy {
  /** For messages: without user and password. */
  readonly name: string
  readonly address: TcpAddress
  /** How the way to the proxy itself is secured; null: not. */
  readonly tls: DialTls | null
  /** The value of `Proxy-Authorization`; null: none. */
  readonly authorization: string | null
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/**
 * Reads `http://user:password@proxy.example:3128`. What has no scheme is for `http:`.
 *
 * @param source where the URL comes from: the name of an option or a variable
 * @throws RangeError naming the source, but not the URL, as it may hold a password
 */
export function parseHttpProxy(text: string, source: string): HttpProxy {
  const url = readUrl(text)
  const defaultPort = url === null ? undefined : DEFAULT_PORTS[url.protocol]
  if (url === null || defaultPort === undefined || !/^\/?$/.test(url.pathname + url.search + url.hash)) {
    throw new RangeError(`${source} must be the URL of a proxy, as http://proxy.example:3128 or https://proxy.example`)
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

/** RFC 7617. */
function basicAuthorization({ username, password }: URL): string | null {
  if (username === '' && password === '') return null
  return `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')}`
}

/** As it is, where a percent sign is meant as one. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
