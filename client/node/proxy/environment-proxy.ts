/** Selects the proxy for a target from environment variables. */
import { isIP } from 'node:net'
import { parseHostPort } from '../resolver/parse-host-port.ts'
import { type HttpProxy, parseHttpProxy } from './http-proxy.ts'
import { isExempt } from './no-proxy.ts'

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>

/** In the order of gRPC core. `HTTP_PROXY` is ignored, as requests can set it under CGI. */
const PROXY_NAMES = ['grpc_proxy', 'https_proxy', 'HTTPS_PROXY', 'http_proxy'] as const

const EXEMPTION_NAMES = ['no_grpc_proxy', 'no_proxy', 'NO_PROXY'] as const

/**
 * Returns the proxy of the environment; null if there is none, or the target is exempt or on this machine.
 *
 * @param endpoint the `host:port` of a `dns` target
 * @throws RangeError for a variable that is not the URL of a proxy, or for an invalid endpoint if there is a proxy
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
