/**
 * Refuses requests whose Host is not one of the port's. By DNS rebinding a page of any site gives its own name the address of
 * this machine; what the browser then sends is of the page's own origin, and nothing but the Host tells.
 */
import { type AddressInfo, BlockList, isIP } from 'node:net'
import type { PortLog } from '../observing/port-log.ts'

/** Hosts that requests may name: `true` for all, else names, where `.example.com` stands for `example.com` and all below it. */
export type AllowedHosts = true | readonly string[]

/** What is known of a request. */
export interface HostedRequest {
  readonly method: string
  /** What it states in Host or :authority; empty for nothing. */
  readonly authority: string
  readonly isHttp2: boolean
  /** Whether it has an Origin. */
  readonly hasOrigin: boolean
}

/** What is known of its connection. */
export interface HostedSocket {
  readonly localAddress?: string | undefined
  readonly encrypted?: boolean
}

/** Hosts that are logged, each once: clients choose them. */
const MAX_LOGGED_HOSTS = 100

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * The hosts of one port. Without a list it is on from `bind` to a loopback address: of what listens there, people expect that
 * nobody else reaches it. Names of the loopback, and the address that a connection came to, are always allowed.
 */
export class HostGuard {
  readonly #names = new Set<string>()
  readonly #suffixes: string[] = []
  readonly #isAutomatic: boolean
  readonly #log: PortLog
  readonly #logged = new Set<string>()
  /**
   * The last authority that was found allowed by its name, as clients repeat themselves; null while the guard is off. A field, which
   * only the guard writes, so that most calls are compared with it and pass no function of this file.
   */
  admitted: string | null
  /** The last one that was not, with its host. */
  #foreign: { readonly authority: string; readonly host: string | undefined } = { authority: '', host: undefined }

  /** @param allowed normalized; undefined: see above */
  constructor(allowed: AllowedHosts | undefined, log: PortLog) {
    this.#isAutomatic = allowed === undefined
    this.admitted = Array.isArray(allowed) ? '' : null
    this.#log = log
    for (const name of Array.isArray(allowed) ? (allowed as readonly string[]) : []) {
      this.#names.add(name.startsWith('.') ? name.slice(1) : name)
      if (name.startsWith('.')) this.#suffixes.push(name)
    }
  }

  /** The port listens. `name` is what it was told to listen on, and is allowed. */
  bind(address: AddressInfo | string | null, name: string | undefined): void {
    const host = hostOf(name ?? '')
    if (host !== undefined) this.#names.add(host)
    // No browser connects to a Unix socket, whose address is a string.
    if (!this.#isAutomatic) return
    this.admitted = typeof address === 'object' && isLoopback(address?.address ?? '') ? '' : null
  }

  /** Whether a request is to be refused: a page can have sent it, and its host is not allowed. */
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
    // No URL has such a host, so no page does.
    if (host === undefined || !canBeOfPage(request, encrypted)) return false
    return host !== addressOf(localAddress ?? '')
  }

  /** Says once for each host that a request was refused. */
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
 * Whether a browser can have sent a request for a page. Over HTTP/1.1 any. HTTP/2 they speak over TLS alone; and all methods but GET
 * and HEAD come with an Origin (Fetch standard, section 3.2), which also shows what a proxy passes on for a page. So a gRPC client
 * may state any authority: the path of its socket, or the name of a cluster.
 */
function canBeOfPage({ method, isHttp2, hasOrigin }: HostedRequest, isEncrypted: boolean): boolean {
  if (!isHttp2 || hasOrigin) return true
  return isEncrypted && (method === 'GET' || method === 'HEAD')
}

/** Returns a list in the form that hosts are compared in, and a phrase for each entry that cannot be a host. */
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

/** An entry, but for an address whose colons are no sign of a port. */
function withoutIPv6(entry: string): string {
  return isIP(entry.replace(/^\[(.*)\]$/, '$1')) === 6 ? '' : entry
}

/** The host of an authority as URLs have it, without the dot that may end a name; undefined where no URL can have it. */
function hostOf(authority: string): string | undefined {
  if (authority === '' || /[/\\?#@\s]/.test(authority)) return undefined
  const text = isIP(authority) === 6 ? `[${authority}]` : authority
  const host = URL.parse(`http://${text}/`)?.hostname
  return host?.endsWith('.') ? host.slice(0, -1) : host
}

/** An address as the host of a URL; one of IPv4 that came over IPv6 as that of IPv4. */
function addressOf(address: string): string | undefined {
  return hostOf(address.replace(/^::ffff:(?=\d+\.)/i, ''))
}

function isLoopback(host: string): boolean {
  const address = host.startsWith('[') ? host.slice(1, -1) : host
  const version = isIP(address)
  return version !== 0 && LOOPBACK.check(address, version === 4 ? 'ipv4' : 'ipv6')
}
