/** A limit of concurrency that follows the latency of calls. */

import type { LatencyInterval } from './latency-baseline.ts'

/** One measurement does not shrink the limit further than this. */
const STEEPEST = 0.2

/** How much of the highest need is left after each interval: a limit that is too low for a moment must not make itself permanent. */
const NEED_DECAY = 0.98

/**
 * Shrinks in proportion as calls take longer than they may, and keeps adding a little headroom, so that it finds the highest value at
 * which they do not.
 */
export class GradientLimit {
  readonly #min: number
  readonly #max: number
  #limit: number
  /** The most concurrency that lately did work, rather than wait. */
  #needed = 0

  constructor({ min, max }: { readonly min: number; readonly max: number }) {
    this.#min = min
    this.#max = max
    this.#limit = max
  }

  /** A whole number. */
  get limit(): number {
    return Math.floor(this.#limit)
  }

  /** Starts from what is in flight now: any other limit would refuse too much at once, or nothing for long. */
  start(inFlight: number): void {
    this.#set(inFlight)
  }

  /** @param peak the most calls in flight in the interval. Below half of the limit, latency says nothing about the limit. */
  update({ gradient, needed }: LatencyInterval, peak: number): void {
    this.#needed = Math.max(needed, this.#needed * NEED_DECAY)
    if (peak < this.#limit / 2) return
    const limit = this.#limit * Math.min(1, Math.max(STEEPEST, gradient)) + Math.sqrt(this.#limit)
    this.#set(Math.max(limit, this.#needed))
  }

  #set(limit: number): void {
    this.#limit = Math.min(this.#max, Math.max(this.#min, limit))
  }
}
