/** Which proxy the environment says that a target is reached through. */
import { isIP } from 'node:net'
import { parseHostPort } from '../resolver/parse-host-port.ts'
import { type HttpProxy, parseHttpProxy } from './http-proxy.ts'
import { isExempt } from './no-proxy.ts'

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** In this order, as in the core of gRPC. `HTTP_PROXY` is not read: behind CGI, requests can set it. */
const PROXY_NAMES = ['grpc_proxy', 'https_proxy', 'HTTPS_PROXY', 'http_proxy'] as const

const EXEMPTION_NAMES = ['no_grpc_proxy', 'no_proxy', 'NO_PROXY'] as const

/**
 * The proxy of the environment, unless the target is exempt or on this machine; null: none.
 *
 * @param endpoint of a `dns` target, as `host:port`
 * @throws RangeError naming the variable that holds no URL of a proxy; for an endpoint that is none, where there is a proxy
 */
export function environmentProxy(endpoint: string, environment: Environment): HttpProxy | null {
  const source = PROXY_NAMES.find((name) => isSet(environment[name]))
  if (source === undefined) return null
  const target = parseHostPort(endpoint)
  if (isLoopback(target.host)) return null
  const exemptions = EXEMPTION_NAMES.find((name) => isSet(environment[name]))
  if (exemptions !== undefined && isExempt(target, environment[exemptions] ?? '')) return null
  return parseHttpProxy(environment[source] ?? '', source)
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return /^(?:.*\.)?localhost\.?$/i.test(host)
  return isExempt({ host, port: 0 }, '127.0.0.0/8,::1')
}
