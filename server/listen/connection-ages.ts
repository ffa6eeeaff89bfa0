/** Ends connections that are too old, so that clients spread over servers that were added since (gRFC A9). */
import { type TimerWheel, WheelTimer } from '../../wire/http2/http2.ts'
import type { ResolvedKeepaliveOptions } from './keepalive-options.ts'

/** How a front ends a connection. */
export interface AgingConnection {
  /** Takes no new calls from now on, and closes the connection once the open ones have ended. */
  retire(): void
  /** Closes the connection now. Called after the grace period. */
  end(): void
}

/** What the ages work with. */
export interface ConnectionAgesParts {
  readonly timers: TimerWheel
  /** Returns a number from 0 up to 1. Default: Math.random. */
  readonly random?: () => number
}

/** By how much the age of a connection may differ from the configured one, so that not all clients reconnect together. */
const JITTER = 0.1

/** The ages of the connections of one front: one timer per connection, and none without a limit. */
export class ConnectionAges {
  readonly #options: ResolvedKeepaliveOptions
  readonly #timers: TimerWheel
  readonly #random: () => number

  constructor(options: ResolvedKeepaliveOptions, { timers, random = Math.random }: ConnectionAgesParts) {
    this.#options = options
    this.#timers = timers
    this.#random = random
  }

  /** Watches a new connection. Returns a function to call when it has closed. */
  watch(connection: AgingConnection): () => void {
    const { maxConnectionAgeMs, maxConnectionAgeGraceMs } = this.#options
    if (maxConnectionAgeMs === 0) return unwatched
    let isRetired = false
    const timer = new WheelTimer(() => {
      if (isRetired) {
        connection.end()
        return
      }
      isRetired = true
      if (maxConnectionAgeGraceMs > 0) this.#timers.schedule(timer, maxConnectionAgeGraceMs)
      connection.retire()
    })
    this.#timers.schedule(timer, maxConnectionAgeMs * (1 + JITTER * (2 * this.#random() - 1)))
    return () => this.#timers.cancel(timer)
  }
}

function unwatched(): void {}
