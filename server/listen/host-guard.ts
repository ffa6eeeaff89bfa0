/**
 * Refuses requests for foreign hosts, against DNS rebinding: a malicious page points its own host name at this machine,
 * so its requests are same-origin for the browser. Only their Host shows what they are.
 */
import { type AddressInfo, BlockList, isIP } from 'node:net'
import type { PortLog } from '../observing/port-log.ts'

/**
 * The hosts that requests may name: `true` for all, or names; `.example.com` stands for `example.com` and all names
 * below it.
 */
export type AllowedHosts = true | readonly string[]

/** What the guard reads of a request. */
export interface HostedRequest {
  readonly method: string
  /** The Host or :authority of the request; empty if it has none. */
  readonly authority: string
  readonly isHttp2: boolean
  /** Whether the request has an Origin header. */
  readonly hasOrigin: boolean
}

/** What the guard reads of the request's connection. */
export interface HostedSocket {
  readonly localAddress?: string | undefined
  readonly encrypted?: boolean
}

/** Each refused host is logged once. Clients choose the hosts, so the number is bounded. */
const MAX_LOGGED_HOSTS = 100

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * The allowed hosts of one port. Without a list, the guard is on if the port listens on a loopback address, since users
 * expect that no web page can reach that. Loopback names, and the address that the connection came to, are always
 * allowed.
 */
export class HostGuard {
  readonly #names = new Set<string>()
  readonly #suffixes: string[] = []
  readonly #isAutomatic: boolean
  readonly #log: PortLog
  readonly #logged = new Set<string>()
  /**
   * The last authority that was allowed by its name; null while the guard is off. Clients repeat themselves, so most
   * calls compare this field and execute no function of this file. Only the guard writes it.
   */
  admitted: string | null
  /** The last authority that was not allowed by its name, with its host. */
  #foreign: { readonly authority: string; readonly host: string | undefined } = { authority: '', host: undefined }

  /** @param allowed the normalized list; undefined for automatic (see above) */
  constructor(allowed: AllowedHosts | undefined, log: PortLog) {
    this.#isAutomatic = allowed === undefined
    this.admitted = Array.isArray(allowed) ? '' : null
    this.#log = log
    for (const name of Array.isArray(allowed) ? (allowed as readonly string[]) : []) {
      this.#names.add(name.startsWith('.') ? name.slice(1) : name)
      if (name.startsWith('.')) this.#suffixes.push(name)
    }
  }

  /** Called when the port listens. `name` is the host that `listen` was given; it is allowed too. */
  bind(address: AddressInfo | string | null, name: string | undefined): void {
    const host = hostOf(name ?? '')
    if (host !== undefined) this.#names.add(host)
    // Browsers cannot connect to a Unix socket, whose address is a string.
    if (!this.#isAutomatic) return
    this.admitted = typeof address === 'object' && isLoopback(address?.address ?? '') ? '' : null
  }

  /** Returns whether to refuse a request: a web page may have sent it, and its host is not allowed. */
  refuses(request: HostedRequest, { localAddress, encrypted = false }: HostedSocket): boolean {
    const { authority } = request
    if (this.admitted === null || authority === this.admitted) return false
    if (authority !== this.#foreign.authority) {
      const host = hostOf(authority)
      if (host !== undefined && this.#isNamed(host)) {
        this.admitted = authority
        return false
      }
      this.#foreign = { authority, host }
    }
    const { host } = this.#foreign
    // No URL can have such a host, so no page can either.
    if (host === undefined || !canBeOfPage(request, encrypted)) return false
    return host !== addressOf(localAddress ?? '')
  }

  /** Logs a refused host, once per host. */
  report(authority: string): void {
    const host = hostOf(authority) ?? ''
    if (this.#logged.has(host) || this.#logged.size >= MAX_LOGGED_HOSTS) return
    this.#logged.add(host)
    this.#log.warn({ host }, 'refused request: host not in allowedHosts')
  }

  #isNamed(host: string): boolean {
    if (host === 'localhost' || host.endsWith('.localhost') || isLoopback(host)) return true
    return this.#names.has(host) || this.#suffixes.some((suffix) => host.endsWith(suffix))
  }
}

/**
 * Returns whether a browser may have sent a request on behalf of a page. Over HTTP/1.1, always. Browsers use HTTP/2
 * over TLS only, and send Origin with every method except GET and HEAD (Fetch standard, section 3.2); a proxy passes
 * that header on. So gRPC clients may state any authority, such as the path of a socket or the name of a cluster.
 */
function canBeOfPage({ method, isHttp2, hasOrigin }: HostedRequest, isEncrypted: boolean): boolean {
  if (!isHttp2 || hasOrigin) return true
  return isEncrypted && (method === 'GET' || method === 'HEAD')
}

/** Returns the list in the form in which hosts are compared, and a message for each invalid entry. */
export function normalizeAllowedHosts(given: AllowedHosts): { hosts: AllowedHosts; faults: string[] } {
  if (given === true) return { hosts: true, faults: [] }
  if (!Array.isArray(given)) return { hosts: [], faults: ['allowedHosts must be true or a list of host names'] }
  const hosts: string[] = []
  const faults: string[] = []
  for (const entry of given as readonly unknown[]) {
    const dot = typeof entry === 'string' && entry.startsWith('.') ? '.' : ''
    const host = typeof entry === 'string' ? hostOf(entry.slice(dot.length)) : undefined
    if (host === undefined || /[:*]/.test(withoutIPv6(String(entry)))) {
      faults.push(`allowedHosts has ${JSON.stringify(entry)}: ${EXPECTED}`)
    } else hosts.push(dot + host)
  }
  return { hosts: Object.freeze(hosts), faults }
}

const EXPECTED = 'each must be a host without scheme and port, as "example.com", or ".example.com" for all below it too'

/** Returns the entry, or nothing for an IPv6 address, whose colons are not those of a port. */
function withoutIPv6(entry: string): string {
  return isIP(entry.replace(/^\[(.*)\]$/, '$1')) === 6 ? '' : entry
}

/** Returns the host of an authority as in a URL, without a final dot; undefined if no URL can have it. */
function hostOf(authority: string): string | undefined {
  if (authority === '' || /[/\\?#@\s]/.test(authority)) return undefined
  const text = isIP(authority) === 6 ? `[${authority}]` : authority
  const host = URL.parse(`http://${text}/`)?.hostname
  return host?.endsWith('.') ? host.slice(0, -1) : host
}

/** Returns an address as the host of a URL; an IPv4-mapped IPv6 address as IPv4. */
function addressOf(address: string): string | undefined {
  return hostOf(address.replace(/^::ffff:(?=\d+\.)/i, ''))
}

function isLoopback(host: string): boolean {
  const address = host.startsWith('[') ? host.slice(1, -1) : host
  const version = isIP(address)
  return version !== 0 && LOOPBACK.check(address, version === 4 ? 'ipv4' : 'ipv6')
}
