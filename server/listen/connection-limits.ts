/** Limits the connections of a port, in total and per address. */
import { isIPv6, type Socket } from 'node:net'
import { type Clock, type ScheduledTimer, systemClock } from '../../wire/http2/http2.ts'
import type { ConnectionCounts } from '../observing/connection-counts.ts'
import type { PortLog } from '../observing/port-log.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'
import { MAKES_ROOM_FROM_MS } from './idle-queue.ts'
import { SharedPlaces } from './shared-places.ts'

/** The limits. */
export interface ConnectionLimitOptions {
  readonly maxConnections: number
  /** 0 for no limit. */
  readonly maxConnectionsPerAddress: number
}

/** What the limits work with. */
export interface ConnectionLimitParts {
  /** Returns the connection that has been idle longest. Called for each connection above the total limit. */
  findLongestIdle(nowMs: number): IdleConnection | undefined
  /** Drops what `findLongestIdle` keeps. Called after a minute without refusals. */
  clearIdle(): void
  readonly log: PortLog
  /** Counts what is refused and closed. Default: nothing does. */
  readonly counts?: Pick<ConnectionCounts, 'onRefused'>
  /** Default: the clock of the process. */
  readonly clock?: Clock
  /** Counts the connections of all workers. Default: those of this process are all. */
  readonly worker?: WorkerLink | undefined
}

/** A connection without an open request, as far as its front can tell. */
export interface IdleConnection {
  readonly idleMs: number
  /** Ends it in its own protocol. It will not be found again. */
  end(): void
}

/** The shortest time between two warnings. */
const WARN_EVERY_MS = 60_000

/**
 * The groups of an IPv6 address that identify a network: a /64 is the smallest that providers assign, so a single host
 * can use every address in it.
 */
const NETWORK_GROUPS = 4

/** Counts the connections of one port. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions
  readonly #parts: ConnectionLimitParts
  readonly #clock: Clock
  readonly #counts = new Map<string, number>()
  /** Undefined in a process that is no worker. */
  readonly #shared: SharedPlaces | undefined
  #total = 0
  /** Events since the last warning. */
  #since = NOTHING
  #warning: ScheduledTimer | undefined

  constructor(options: ConnectionLimitOptions, parts: ConnectionLimitParts) {
    this.#options = options
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
    const { worker: link } = parts
    const limits = {
      maxConnections: options.maxConnections,
      maxConnectionsPerAddress: options.maxConnectionsPerAddress,
    }
    this.#shared = link && new SharedPlaces({ link, limits, makeRoom: () => this.#makeRoom() })
  }

  /**
   * Returns whether a connection may stay. If so it is counted until it closes; otherwise the caller destroys it. In a worker the primary
   * decides, for the machine.
   */
  admit(socket: Socket): boolean | Promise<boolean> {
    const network = networkOf(socket.remoteAddress ?? '')
    if (this.#shared !== undefined) return this.#admitShared(this.#shared, network, socket)
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

  /** The primary may admit a connection that has closed since. */
  async #admitShared(places: SharedPlaces, network: string, socket: Socket): Promise<boolean> {
    const verdict = await places.take(network)
    if (verdict === 'refused' || verdict === 'refusedByAddress') {
      this.#note(verdict)
      return false
    }
    if (socket.closed) {
      places.free(network)
      return false
    }
    this.#count(network, 1)
    socket.once('close', () => {
      this.#count(network, -1)
      places.free(network)
    })
    return true
  }

  /** Stops the timer of the warnings. */
  close(): void {
    this.#warning?.cancel()
  }

  /** Connections without an address (Unix sockets) have no limit per address. */
  #hasRoomFor(network: string): boolean {
    const { maxConnectionsPerAddress } = this.#options
    if (maxConnectionsPerAddress === 0 || network === '') return true
    return (this.#counts.get(network) ?? 0) < maxConnectionsPerAddress
  }

  /**
   * Ends an idle connection. Its place is used at once, so until it has closed there is one connection above the limit.
   */
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

  /** Logs the first event at once, and those of the following minute together at its end. */
  #note(event: keyof typeof NOTHING): void {
    this.#parts.counts?.onRefused(REASONS[event])
    this.#since = { ...this.#since, [event]: this.#since[event] + 1 }
    if (this.#warning === undefined) this.#warn()
  }

  /** Runs once per minute while the port is at its limit, and stops after a minute without events. */
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

/**
 * `refused`: no room and no idle connection. `refusedByAddress`: above the limit per address. `endedIdle`: ended to
 * make room.
 */
const NOTHING = Object.freeze({ refused: 0, refusedByAddress: 0, endedIdle: 0 })

/** The events in metrics. */
const REASONS = { refused: 'limit', refusedByAddress: 'address_limit', endedIdle: 'idle' } as const

/** Returns the IPv4 address, also of the form ::ffff:a.b.c.d, or the /64 of an IPv6 address. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  while (tail !== undefined && groups.length + rest.length < 2 * NETWORK_GROUPS) groups.push('0')
  return [...groups, ...rest].slice(0, NETWORK_GROUPS).join(':')
}
