/** Refuses what no router should ever see. */

import type { IncomingMessage } from 'node:http'
import { Code } from '@connectrpc/connect'
import { isPrintableAuthority, isSameAuthority, parseAuthority } from '../../wire/http2/http2.ts'
import { headerOf, type NodeRequest } from '../rpc/exchange/node-request.ts'
import { HeadFault, type RequestFault } from '../rpc/exchange/refusal.ts'
import type { HostedSocket, HostGuard } from './host-guard.ts'

/** The limits that the guard holds. */
export interface GuardLimits {
  readonly maxHeaderFields: number
  /** Which hosts requests may name; null: any. */
  readonly hosts: HostGuard | null
}

/** Checks a request's head before anything else reads it. Returns why the request is refused, or undefined. */
export function guardRequest(request: NodeRequest, limits: GuardLimits): RequestFault | undefined {
  return (
    refuseFieldCount(request, limits.maxHeaderFields) ??
    refuseTarget(request) ??
    refuseAuthority(request) ??
    refuseHost(request, limits.hosts) ??
    refuseCoding(request)
  )
}

function refuseFieldCount(request: NodeRequest, maxHeaderFields: number): RequestFault | undefined {
  if (countFields(request) <= maxHeaderFields) return undefined
  const message = `more than ${maxHeaderFields} header fields`
  return { code: Code.ResourceExhausted, message, httpStatus: 431 }
}

/** The pseudo-fields of HTTP/2 are its request line. They stand before all others (RFC 9113 section 8.3). */
function countFields({ rawHeaders }: NodeRequest): number {
  let at = 0
  while (rawHeaders[at]?.startsWith(':')) at += 2
  return (rawHeaders.length - at) / 2
}

/** Only the origin form, and `*` for OPTIONS (RFC 9112 section 3.2): other forms are for proxies. */
function refuseTarget(request: NodeRequest): RequestFault | undefined {
  const target = request.url ?? ''
  if (target.startsWith('/') || (target === '*' && request.method === 'OPTIONS')) return undefined
  return HeadFault.TARGET
}

function refuseAuthority(request: NodeRequest): RequestFault | undefined {
  const hosts = hostValues(request)
  const stated = headerOf(request, ':authority') ?? hosts[0]
  if (stated === undefined) return request.httpVersion === '1.0' ? undefined : HeadFault.NO_HOST
  if (!isAuthority(stated, request)) return HeadFault.MALFORMED_HOST
  return hosts.every((host) => isSameAuthority(stated, host)) ? undefined : HeadFault.MORE_HOSTS
}

function refuseHost(request: NodeRequest, hosts: HostGuard | null): RequestFault | undefined {
  if (hosts === null) return undefined
  const { method = '', httpVersionMajor, socket } = request
  const authority = headerOf(request, ':authority') ?? headerOf(request, 'host') ?? ''
  const hasOrigin = request.headers.origin !== undefined
  if (!hosts.refuses({ method, authority, isHttp2: httpVersionMajor === 2, hasOrigin }, socket as HostedSocket))
    return undefined
  hosts.report(authority)
  return HeadFault.FOREIGN_HOST
}

/** It routes nothing here. Over HTTP/1.1 a malformed Host is refused, an empty one is not (RFC 9112 section 3.2). */
function isAuthority(text: string, { httpVersionMajor }: NodeRequest): boolean {
  if (httpVersionMajor === 2) return isPrintableAuthority(text)
  return text === '' || parseAuthority(text) !== undefined
}

/** Whoever is given a body takes it for the content: nobody undoes other codings (RFC 9112 section 6.1). */
function refuseCoding(request: NodeRequest): RequestFault | undefined {
  const coding = headerOf(request, 'transfer-encoding')
  if (coding === undefined || coding.toLowerCase() === 'chunked') return undefined
  return HeadFault.CODING
}

/** All Host fields: node:http shows the first one alone in `headers`. */
function hostValues(request: NodeRequest): string[] {
  const values: string[] = []
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    if (request.rawHeaders[at]?.toLowerCase() === 'host') values.push(request.rawHeaders[at + 1] ?? '')
  }
  return values
}

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
