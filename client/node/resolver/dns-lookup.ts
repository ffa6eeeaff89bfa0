/** The questions that resolvers ask of DNS. */

import type { SrvRecord } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'
import type { Target } from '../contracts/resolver.ts'
import { parseHostPort } from './parse-host-port.ts'

/** Answers questions about names. A name that does not exist has no answers; anything else that goes wrong is thrown. */
export interface DnsLookup {
  /** IP addresses, in the order in which they should be tried (RFC 6724). */
  addresses(host: string): Promise<readonly string[]>
  /** TXT records, each a list of strings that belong together. */
  texts(host: string): Promise<readonly (readonly string[])[]>
  /** SRV records (RFC 2782). */
  services(host: string): Promise<readonly SrvRecord[]>
  /** Nobody waits any more: the questions under way fail, so that none keeps the process alive. Default: they go on. */
  cancel?(): void
}

/** What DNS answers for names, or kinds of records, that are not there. */
const NOT_THERE: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])

/**
 * Asks as this machine is set up to, hosts file and all, or asks one server.
 *
 * @param server an IP address with or without a port; the default is what this machine uses
 * @throws RangeError for a server that is no such address
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

/** Who asks for a target: the server that it names, if it does. Throws what `createLookup` throws. */
export function lookupFor({ authority }: Target, createLookup: (server?: string) => DnsLookup): DnsLookup {
  return createLookup(authority === '' ? undefined : authority)
}

/** Cancels what is under way when the signal aborts. */
export function cancelOnAbort(dns: DnsLookup, signal: AbortSignal): void {
  signal.addEventListener('abort', () => cancelLookup(dns), { once: true })
}

/** A lookup that cannot be cancelled goes on, and nobody waits for it. */
export function cancelLookup(dns: DnsLookup): void {
  try {
    dns.cancel?.()
  } catch {
    // What a listener of a signal throws would end the process.
  }
}

function setServer(resolver: Resolver, server: string): void {
  try {
    // Node 22 would take any port.
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

/** IPv6 first, as RFC 6724 prefers it where both are to be had. One kind is enough. */
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
