/** How many connections a port may have: altogether, and from one address. */
import { isIPv6, type Socket } from 'node:net'

/** What the limits are. */
export interface ConnectionLimitOptions {
  readonly maxConnections: number
  /** 0: no limit. */
  readonly maxConnectionsPerAddress: number
}

/** A connection on which nothing goes on, as far as its front can tell. */
export interface IdleConnection {
  readonly idleMs: number
  /** Ends it as the protocol wants. */
  end(): void
}

/** A full port makes room by ending a connection that has idled for at least this long. */
const IDLE_FROM_MS = 10_000

/** Looking for one costs a look at every connection, so it is not done more often: ten in a second make room at the most. */
const SEARCH_EVERY_MS = 100

/** Groups of an IPv6 address that belong to whoever has the network: a /64, the least that anybody is given. */
const NETWORK_GROUPS = 4

/** Counts the connections of one port. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions
  readonly #findLongestIdle: (now: number) => IdleConnection | undefined
  readonly #counts = new Map<string, number>()
  #total = 0
  #searchedAtMs = Number.NEGATIVE_INFINITY

  /** `findLongestIdle` is asked where there is no room, at most every 100 ms. */
  constructor(options: ConnectionLimitOptions, findLongestIdle: (now: number) => IdleConnection | undefined) {
    this.#options = options
    this.#findLongestIdle = findLongestIdle
  }

  /** Whether there is room for a connection, which is counted until it closes. False: it is the caller's to destroy. */
  admit(socket: Socket): boolean {
    const network = networkOf(socket.remoteAddress ?? '')
    if (!this.#hasRoomFor(network)) return false
    if (this.#total >= this.#options.maxConnections && !this.#makeRoom()) return false
    this.#count(network, 1)
    socket.once('close', () => this.#count(network, -1))
    return true
  }

  /** Connections without an address, as of unix sockets, are not counted by it. */
  #hasRoomFor(network: string): boolean {
    const { maxConnectionsPerAddress } = this.#options
    if (maxConnectionsPerAddress === 0 || network === '') return true
    return (this.#counts.get(network) ?? 0) < maxConnectionsPerAddress
  }

  /** The place that it leaves is used at once: for the moment until it has closed there is one connection more. */
  #makeRoom(): boolean {
    const now = performance.now()
    if (now - this.#searchedAtMs < SEARCH_EVERY_MS) return false
    this.#searchedAtMs = now
    const longest = this.#findLongestIdle(now)
    if (longest === undefined || longest.idleMs < IDLE_FROM_MS) return false
    longest.end()
    return true
  }

  #count(network: string, change: 1 | -1): void {
    this.#total += change
    const count = (this.#counts.get(network) ?? 0) + change
    if (count === 0) this.#counts.delete(network)
    else this.#counts.set(network, count)
  }
}

/** An IPv4 address, also one that came as ::ffff:a.b.c.d; the first half of an IPv6 address. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  while (tail !== undefined && groups.length + rest.length < 2 * NETWORK_GROUPS) groups.push('0')
  return [...groups, ...rest].slice(0, NETWORK_GROUPS).join(':')
}
