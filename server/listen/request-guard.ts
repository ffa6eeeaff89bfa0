/** Checks request heads before any router sees them. */

import type { IncomingMessage } from 'node:http'
import { Code } from '@connectrpc/connect'
import { isHost, isPrintableAuthority, isSameAuthority, parseAuthority } from '../../wire/http2/http2.ts'
import { headerOf, type NodeRequest } from '../rpc/exchange/node-request.ts'
import { HeadFault, type RequestFault } from '../rpc/exchange/refusal.ts'
import type { HostedSocket, HostGuard } from './host-guard.ts'

/** The limits of the guard. */
export interface GuardLimits {
  readonly maxHeaderFields: number
  /** Which hosts requests may name; null for any. */
  readonly hosts: HostGuard | null
}

/** Checks a head before anything else reads it. Returns why the request is refused; undefined if it is valid. */
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

/** Pseudo-headers, which come first (RFC 9113 section 8.3), are the request line and do not count. */
function countFields({ rawHeaders }: NodeRequest): number {
  let at = 0
  while (rawHeaders[at]?.startsWith(':')) at += 2
  return (rawHeaders.length - at) / 2
}

/** Allows the origin form, and `*` for OPTIONS (RFC 9112 section 3.2). Other forms are for proxies. */
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

/** HTTP/2 authorities are not used for routing, so they only need to be printable. */
function isAuthority(text: string, { httpVersionMajor }: NodeRequest): boolean {
  return httpVersionMajor === 2 ? isPrintableAuthority(text) : isHost(text)
}

/**
 * Only chunked: handlers would take a body in another coding for its content, as nothing decodes it (RFC 9112 section
 * 6.1).
 */
function refuseCoding(request: NodeRequest): RequestFault | undefined {
  const coding = headerOf(request, 'transfer-encoding')
  if (coding === undefined || coding.toLowerCase() === 'chunked') return undefined
  return HeadFault.CODING
}

/** Returns all Host fields. `headers` of node:http has the first only. */
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
 * Converts the absolute form, which servers must accept although it is meant for proxies (RFC 9112 section 3.2.2). Its
 * authority becomes the Host. A target whose authority is malformed, has userinfo or contradicts the Host is left
 * unchanged, and the guard refuses it.
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
  // OPTIONS without a path is about the server as a whole (RFC 9112 section 3.2.4).
  if (rest === '' && method === 'OPTIONS') request.url = '*'
  else request.url = rest.charCodeAt(0) === SLASH ? rest : `/${rest}`
  return true
}
