/** The address of a caller behind proxies, as Fastify's `trustProxy` has it. */
import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { FastifyServerOptions } from 'fastify'

/** Whether what an address says of the one before it is believed; `hop` counts from our own peer, 0. */
export type ProxyTrust = (address: string, hop: number) => boolean

/**
 * Reads Fastify's option. Null: nobody is trusted.
 *
 * @throws TypeError for a text that is not an address, a network or the name of a range
 */
export function readTrustProxy(option: FastifyServerOptions['trustProxy']): ProxyTrust | null {
  if (option === undefined || option === false) return null
  if (option === true) return () => true
  if (typeof option === 'function') return option
  // A number of hops says nothing of who our peer is: Fastify believes nobody then.
  if (typeof option === 'number') return null
  return proxyAddr.compile(typeof option === 'string' ? option.split(',').map((text) => text.trim()) : option)
}

/**
 * The last address that can be believed: that of our peer, unless it is trusted and says in `X-Forwarded-For` whom it speaks for.
 * A test for trust that throws is one that said no.
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

/** An address and its port as one text, `[2001:db8::1]:1234`. Empty without an address, as of a Unix socket; 0: no port is known. */
export function peerText(address: string, port: number): string {
  if (address === '' || port === 0) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
