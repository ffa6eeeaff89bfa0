/** The address of a caller behind proxies, as Fastify's `trustProxy` determines it. */
import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { FastifyServerOptions } from 'fastify'

/** Returns whether a proxy is trusted to state the address before it. `hop` counts from our own peer, which is 0. */
export type ProxyTrust = (address: string, hop: number) => boolean

/**
 * Converts Fastify's option `trustProxy`; null for no trusted proxies.
 *
 * @throws TypeError for a string that is not an address, a network or the name of a range
 */
export function readTrustProxy(option: FastifyServerOptions['trustProxy']): ProxyTrust | null {
  if (option === undefined || option === false) return null
  if (option === true) return () => true
  if (typeof option === 'function') return option
  // A number of hops does not identify the peer, so Fastify trusts no proxy then.
  if (typeof option === 'number') return null
  return proxyAddr.compile(typeof option === 'string' ? option.split(',').map((text) => text.trim()) : option)
}

/**
 * Returns the address of the caller: that of the peer, unless it is a trusted proxy, whose `X-Forwarded-For` is
 * followed to the first address that is not trusted. A trust function that throws counts as false.
 */
export function clientAddress(
  remoteAddress: string,
  forwardedFor: string | undefined,
  trust: ProxyTrust | null,
): string {
  if (trust === null || forwardedFor === undefined) return remoteAddress
  const request = {
    headers: { 'x-forwarded-for': forwardedFor },
    socket: { remoteAddress },
  } as unknown as IncomingMessage
  try {
    return proxyAddr.all(request, trust).at(-1) ?? remoteAddress
  } catch {
    return remoteAddress
  }
}

/**
 * Formats an address with its port, such as `[2001:db8::1]:1234`. Empty without an address (Unix sockets); a port of 0
 * is left out.
 */
export function peerText(address: string, port: number): string {
  if (address === '' || port === 0) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
