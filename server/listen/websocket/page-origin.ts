/**
 * Decides which pages may open a WebSocket. There is no CORS for WebSockets: a browser opens one to any host, with the cookies that it has
 * for it, so only the server can refuse it (RFC 6455, section 10.2).
 */
import { Code } from '@connectrpc/connect'
import { type EncodableField, isSameAuthority } from '../../../wire/http2/http2.ts'
import type { ProxyTrust } from '../../observing/client-address.ts'
import type { RequestFault } from '../../rpc/exchange/refusal.ts'
import type { Handshake } from './handshake.ts'

/** Whom a page's WebSocket may speak for; a fault if it is refused. */
export type PageVerdict = RequestFault | 'with credentials' | 'without credentials'

/** What the decision depends on. */
export interface PageRules {
  /** The CORS fields for an origin; empty if CORS is off. */
  readonly corsFields: readonly EncodableField[]
  /** Which proxies may state what the client has sent. */
  readonly trustProxy: ProxyTrust | null
}

const ORIGIN: RequestFault = Object.freeze({
  code: Code.PermissionDenied,
  message: 'origin not allowed: add it to cors.origins',
  httpStatus: 403,
})

/** The certificate of a client is a credential that cannot be left out once its connection is there. */
const CERTIFICATE: RequestFault = Object.freeze({
  code: Code.PermissionDenied,
  message: 'origin may not use the certificate of the client: see cors.allowsCredentials',
  httpStatus: 403,
})

/** A client that states no origin is not a page. Pages of our own origin, and those that CORS lets in, may call. */
export function judgePage(handshake: Handshake, { corsFields, trustProxy }: PageRules): PageVerdict {
  const origin = handshake.get('origin')
  if (origin === undefined || isSameOrigin(origin, handshake, trustProxy)) return 'with credentials'
  const allowed = fieldOf(corsFields, 'access-control-allow-origin')
  if (allowed !== '*' && allowed !== origin) return ORIGIN
  if (fieldOf(corsFields, 'access-control-allow-credentials') === 'true') return 'with credentials'
  return handshake.connection.tls?.certificate === undefined ? 'without credentials' : CERTIFICATE
}

/**
 * Whether an origin is that of the request. Over cleartext, TLS may end at a proxy, so that both schemes fit unless a trusted proxy says
 * which one it was. A page of https opens no cleartext connection, and over TLS only https fits.
 */
function isSameOrigin(origin: string, handshake: Handshake, trustProxy: ProxyTrust | null): boolean {
  const [, scheme, authority] = /^(https?):\/\/([^/?#@]+)$/.exec(origin) ?? []
  if (scheme === undefined || authority === undefined) return false
  const { connection } = handshake
  const isTrusted = trustsPeer(connection.remoteAddress, trustProxy)
  const stated = isTrusted ? firstOf(handshake.get('x-forwarded-proto')) : undefined
  const isSecure = connection.isEncrypted || stated === 'https' || stated === 'wss'
  if (isSecure && scheme !== 'https') return false
  if (stated !== undefined && !isSecure && scheme !== 'http') return false
  const host = (isTrusted ? firstOf(handshake.get('x-forwarded-host')) : undefined) ?? handshake.authority
  return isSameAuthority(authority, host, scheme)
}

function trustsPeer(address: string, trustProxy: ProxyTrust | null): boolean {
  try {
    return trustProxy?.(address, 0) === true
  } catch {
    return false
  }
}

/** The value of the proxy next to the client, which is what the page of a browser knows. */
function firstOf(list: string | undefined): string | undefined {
  return list?.split(',', 1)[0]?.trim().toLowerCase()
}

function fieldOf(fields: readonly EncodableField[], name: string): string | undefined {
  return fields.find((field) => field.name === name)?.value
}
