/** Refuses what no router should ever see, and clamps what no timer could hold. */
import { Code } from '@connectrpc/connect'
import { isSameAuthority, parseAuthority } from '../../wire/authority.ts'
import type { ErrorResponseInit } from '../../wire/error-response.ts'
import { clampConnectTimeout, clampGrpcTimeout } from '../../wire/timeout-header.ts'
import { headerOf, type NodeRequest } from './node-exchange.ts'

/** Why a request is refused. */
export type Refusal = Omit<ErrorResponseInit, 'protocol'>

/** The limits that the guard holds. */
export interface GuardLimits {
  readonly maxHeaderFields: number
  readonly maxTimeoutMs: number
}

/**
 * Checks a request's head before anything else reads it.
 *
 * @returns why the request is refused, or undefined; then its timeout headers hold no more than `maxTimeoutMs`
 */
export function guardRequest(request: NodeRequest, limits: GuardLimits): Refusal | undefined {
  const refusal =
    refuseFieldCount(request, limits.maxHeaderFields) ??
    refuseTarget(request) ??
    refuseAuthority(request) ??
    refuseCoding(request)
  if (refusal !== undefined) return refusal
  clampTimeouts(request, limits.maxTimeoutMs)
  return undefined
}

function refuseFieldCount(request: NodeRequest, maxHeaderFields: number): Refusal | undefined {
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
function refuseTarget(request: NodeRequest): Refusal | undefined {
  const target = request.url ?? ''
  if (target.startsWith('/') || (target === '*' && request.method === 'OPTIONS')) return undefined
  return badRequest('the request target must be a path')
}

function refuseAuthority(request: NodeRequest): Refusal | undefined {
  const hosts = hostValues(request)
  const stated = headerOf(request, ':authority') ?? hosts[0]
  if (stated === undefined) return badRequest('the request has no Host')
  const authority = parseAuthority(stated)
  if (authority === undefined) return badRequest('the Host is malformed')
  const isAmbiguous = hosts.some((host) => {
    const other = parseAuthority(host)
    return other === undefined || !isSameAuthority(authority, other)
  })
  return isAmbiguous ? badRequest('the request names more than one Host') : undefined
}

/** Whoever is given a body takes it for the content: nobody undoes other codings (RFC 9112 section 6.1). */
function refuseCoding(request: NodeRequest): Refusal | undefined {
  const coding = headerOf(request, 'transfer-encoding')
  if (coding === undefined || coding.toLowerCase() === 'chunked') return undefined
  return { code: Code.Unimplemented, message: 'of the transfer codings only chunked is served', httpStatus: 501 }
}

/** All Host fields: node:http shows the first one alone in `headers`. */
function hostValues(request: NodeRequest): string[] {
  const values: string[] = []
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    if (request.rawHeaders[at]?.toLowerCase() === 'host') values.push(request.rawHeaders[at + 1] ?? '')
  }
  return values
}

function badRequest(message: string): Refusal {
  return { code: Code.Internal, message, httpStatus: 400 }
}

function clampTimeouts(request: NodeRequest, maxTimeoutMs: number): void {
  const grpc = headerOf(request, 'grpc-timeout')
  const clampedGrpc = grpc === undefined ? undefined : clampGrpcTimeout(grpc, maxTimeoutMs)
  if (clampedGrpc !== undefined) request.headers['grpc-timeout'] = clampedGrpc
  const connect = headerOf(request, 'connect-timeout-ms')
  const clampedConnect = connect === undefined ? undefined : clampConnectTimeout(connect, maxTimeoutMs)
  if (clampedConnect !== undefined) request.headers['connect-timeout-ms'] = clampedConnect
}
