/** How many connections a port may have: altogether, and from one address. */
import { isIPv6, type Socket } from 'node:net'
import { type Clock, type ScheduledTimer, systemClock } from '../../wire/http2/http2.ts'
import type { PortLog } from '../observing/port-log.ts'
import { MAKES_ROOM_FROM_MS } from './idle-queue.ts'

/** What the limits are. */
export interface ConnectionLimitOptions {
  readonly maxConnections: number
  /** 0: no limit. */
  readonly maxConnectionsPerAddress: number
}

/** What limits work with. */
export interface ConnectionLimitParts {
  /** Finds the connection that has idled longest; called for each connection that finds no room. */
  findLongestIdle(nowMs: number): IdleConnection | undefined
  /** There was room for a minute: nobody has to be found soon. */
  clearIdle(): void
  readonly log: PortLog
  /** Default: that of the process. */
  readonly clock?: Clock
}

/** A connection on which nothing goes on, as far as its front can tell. */
export interface IdleConnection {
  readonly idleMs: number
  /** Ends it as the protocol wants. It is not found again. */
  end(): void
}

/** A full port says so at most this often. */
const WARN_EVERY_MS = 60_000

/** Groups of an IPv6 address that belong to whoever has the network: a /64, the least that anybody is given. */
const NETWORK_GROUPS = 4

/** Counts the connections of one port. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions
  readonly #parts: ConnectionLimitParts
  readonly #clock: Clock
  readonly #counts = new Map<string, number>()
  #total = 0
  /** What has happened since the last warning. */
  #since = NOTHING
  #warning: ScheduledTimer | undefined

  constructor(options: ConnectionLimitOptions, parts: ConnectionLimitParts) {
    this.#options = options
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
  }

  /** Whether there is room for a connection, which is counted until it closes. False: it is the caller's to destroy. */
  admit(socket: Socket): boolean {
    const network = networkOf(socket.remoteAddress ?? '')
    if (!this.#hasRoomFor(network)) {
      this.#note('refusedByAddress')
      return false
    }
    if (this.#total >= this.#options.maxConnections && !this.#makeRoom()) {
      this.#note('refused')
      return false
    }
    this.#count(network, 1)
    socket.once('close', () => this.#count(network, -1))
    return true
  }

  /** Writes no warning any more. */
  close(): void {
    this.#warning?.cancel()
  }

  /** Connections without an address, as of unix sockets, are not counted by it. */
  #hasRoomFor(network: string): boolean {
    const { maxConnectionsPerAddress } = this.#options
    if (maxConnectionsPerAddress === 0 || network === '') return true
    return (this.#counts.get(network) ?? 0) < maxConnectionsPerAddress
  }

  /** The place that it leaves is used at once: for the moment until it has closed there is one connection more. */
  #makeRoom(): boolean {
    const longest = this.#parts.findLongestIdle(this.#clock.now())
    if (longest === undefined || longest.idleMs < MAKES_ROOM_FROM_MS) return false
    longest.end()
    this.#note('endedIdle')
    return true
  }

  #count(network: string, change: 1 | -1): void {
    this.#total += change
    const count = (this.#counts.get(network) ?? 0) + change
    if (count === 0) this.#counts.delete(network)
    else this.#counts.set(network, count)
  }

  /** The first event of a minute is told at once, and all others of that minute together at its end. */
  #note(event: keyof typeof NOTHING): void {
    this.#since = { ...this.#since, [event]: this.#since[event] + 1 }
    if (this.#warning === undefined) this.#warn()
  }

  #warn(): void {
    this.#warning = undefined
    if (this.#since === NOTHING) {
      this.#parts.clearIdle()
      return
    }
    const { maxConnections, maxConnectionsPerAddress } = this.#options
    const limits = { maxConnections, ...(maxConnectionsPerAddress === 0 ? {} : { maxConnectionsPerAddress }) }
    this.#parts.log.warn({ ...this.#since, connections: this.#total, ...limits }, 'connection limit reached')
    this.#since = NOTHING
    this.#warning = this.#clock.schedule(() => this.#warn(), WARN_EVERY_MS)
  }
}

/** Connections that were closed for want of room, those above the limit of their address, and idle ones that made room. */
const NOTHING = Object.freeze({ refused: 0, refusedByAddress: 0, endedIdle: 0 })

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
