/** The DNS queries of resolvers. */

import type { SrvRecord } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'
import type { Target } from '../contracts/resolver.ts'
import { parseHostPort } from './parse-host-port.ts'

/** Looks up names. Returns nothing for a name that does not exist, and rejects for any other failure. */
export interface DnsLookup {
  /** IP addresses, in the order in which they should be tried (RFC 6724). */
  addresses(host: string): Promise<readonly string[]>
  /** TXT records, each a list of strings to be joined. */
  texts(host: string): Promise<readonly (readonly string[])[]>
  /** SRV records (RFC 2782). */
  services(host: string): Promise<readonly SrvRecord[]>
  /** Cancels the queries under way, so that they do not keep the process alive. Default: they go on. */
  cancel?(): void
}

/** The error codes for names, or types of records, that do not exist. */
const NOT_THERE: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])

/**
 * Creates a lookup with the system's configuration, including the hosts file, or with one server.
 *
 * @param server an IP address, optionally with a port. Default: the system's configuration
 * @throws RangeError for an invalid server
 */
export function createDnsLookup(server?: string): DnsLookup {
  const resolver = new Resolver()
  if (server !== undefined) setServer(resolver, server)
  return {
    addresses: (host) => (server === undefined ? ofThisMachine(host) : ofServer(resolver, host)),
    texts: (host) => orNone(resolver.resolveTxt(host)),
    services: (host) => orNone(resolver.resolveSrv(host)),
    cancel: () => resolver.cancel(),
  }
}

/** Creates the lookup for a target, with the server in the target if there is one. Throws as `createLookup` does. */
export function lookupFor({ authority }: Target, createLookup: (server?: string) => DnsLookup): DnsLookup {
  return createLookup(authority === '' ? undefined : authority)
}

/** Cancels the queries when the signal aborts. */
export function cancelOnAbort(dns: DnsLookup, signal: AbortSignal): void {
  signal.addEventListener('abort', () => cancelLookup(dns), { once: true })
}

/** Cancels the queries, if the lookup supports it. */
export function cancelLookup(dns: DnsLookup): void {
  try {
    dns.cancel?.()
  } catch {
    // An error thrown by a listener of a signal would end the process.
  }
}

function setServer(resolver: Resolver, server: string): void {
  try {
    // Node 22 does not validate the port.
    parseHostPort(server)
    resolver.setServers([server])
  } catch (cause) {
    throw new RangeError(`the DNS server is "${server}": it must be an IP address, with or without a port`, { cause })
  }
}

async function ofThisMachine(host: string): Promise<readonly string[]> {
  const found = await orNone(lookup(host, { all: true, order: 'verbatim' }))
  return found.map(({ address }) => address)
}

/** IPv6 first, as RFC 6724 prefers it if both exist. One family is enough. */
async function ofServer(resolver: Resolver, host: string): Promise<readonly string[]> {
  const [six, four] = await Promise.allSettled([orNone(resolver.resolve6(host)), orNone(resolver.resolve4(host))])
  if (six.status === 'rejected' && four.status === 'rejected') throw four.reason
  return [six, four].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
}

async function orNone<T>(answers: Promise<T[]>): Promise<T[]> {
  try {
    return await answers
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_THERE.has(error.code)) return []
    throw error
  }
}
