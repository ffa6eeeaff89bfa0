/** Compares the latency of calls with what their methods need without load. */
import type { DescMethod } from '@bufbuild/protobuf'

/** How much longer than without load a call may take. */
export interface LatencyAllowance {
  /** A share of the time that the method needs without load. */
  readonly tolerance: number
  /** At least this, in milliseconds. Short calls may wait for many times their own duration. */
  readonly targetDelayMs: number
}

/** An interval has at least this many calls, and lasts at least this long and this many times the mean duration of its calls. */
const MIN_CALLS = 5
const MIN_INTERVAL_MS = 100
const INTERVAL_OF_MEANS = 2

/** Means of fewer calls are left to chance. */
const MEAN_OF = 10

/** A method may have become slower for good; without load, its baseline follows within two such periods. */
const PERIOD_MS = 30_000

/** The latency of one method. The baseline is the lowest mean of two periods: means, as the calls of one method may differ. */
class MethodLatency {
  /** Of the current interval. */
  sumMs = 0
  count = 0
  #meanSumMs = 0
  #meanCount = 0
  #lowMs = Number.POSITIVE_INFINITY
  #previousLowMs = Number.POSITIVE_INFINITY

  add(latencyMs: number): void {
    this.#meanSumMs += latencyMs
    this.#meanCount += 1
    if (this.#meanCount < MEAN_OF) return
    this.#lowMs = Math.min(this.#lowMs, this.#meanSumMs / this.#meanCount)
    this.#meanSumMs = 0
    this.#meanCount = 0
  }

  /** Before the first mean there is nothing to compare with but the calls themselves. */
  get baselineMs(): number {
    const lowMs = Math.min(this.#lowMs, this.#previousLowMs)
    return lowMs === Number.POSITIVE_INFINITY ? this.#meanSumMs / this.#meanCount : lowMs
  }

  startPeriod(): void {
    if (this.#lowMs === Number.POSITIVE_INFINITY) return
    this.#previousLowMs = this.#lowMs
    this.#lowMs = Number.POSITIVE_INFINITY
  }
}

/** A call that ended. */
export interface EndedCall {
  readonly method: DescMethod
  readonly startedAtMs: number
  readonly latencyMs: number
}

/** What an interval says about the limit. */
export interface LatencyInterval {
  /** The time that calls may take, as a share of the time that they took. */
  readonly gradient: number
  /** The calls that are in flight at this throughput if none waits for another (Little's law). */
  readonly needed: number
}

/** Measures in intervals. A baseline falls at any time, but rises only without load: else it would follow the queues of an overload. */
export class LatencyBaseline {
  readonly #allowance: LatencyAllowance
  readonly #methods = new Map<DescMethod, MethodLatency>()
  #calmSinceMs: number | null = null
  /** The calls that started and ended in the current interval: others say nothing about the limit that is in force. */
  count = 0
  #startedAtMs = 0
  #sumMs = 0
  /** What all calls that ended in the interval would have taken without load. */
  #neededMs = 0

  constructor(allowance: LatencyAllowance) {
    this.#allowance = allowance
  }

  /** The mean of the current interval. */
  get meanMs(): number {
    return this.count === 0 ? 0 : this.#sumMs / this.count
  }

  /** Adds a call that ended. */
  add({ method, latencyMs, startedAtMs }: EndedCall): void {
    let latency = this.#methods.get(method)
    if (latency === undefined) {
      latency = new MethodLatency()
      this.#methods.set(method, latency)
    }
    latency.add(latencyMs)
    this.#neededMs += latency.baselineMs
    if (startedAtMs < this.#startedAtMs) return
    latency.sumMs += latencyMs
    latency.count += 1
    this.count += 1
    this.#sumMs += latencyMs
  }

  /** Whether the interval is long enough to stand for all calls, and not only for the quickest of them. */
  isComplete(nowMs: number): boolean {
    return (
      this.count >= MIN_CALLS && nowMs - this.#startedAtMs >= Math.max(MIN_INTERVAL_MS, INTERVAL_OF_MEANS * this.meanMs)
    )
  }

  /** Ends the interval, and starts the next. */
  endInterval({ nowMs, isCalm }: { readonly nowMs: number; readonly isCalm: boolean }): LatencyInterval {
    const { tolerance, targetDelayMs } = this.#allowance
    let allowedMs = 0
    for (const latency of this.#methods.values()) {
      if (latency.count === 0) continue
      const { baselineMs } = latency
      allowedMs += latency.count * (baselineMs + Math.max(targetDelayMs, tolerance * baselineMs))
      latency.sumMs = 0
      latency.count = 0
    }
    const gradient = this.#sumMs === 0 ? 1 : allowedMs / this.#sumMs
    const needed = this.#neededMs / (nowMs - this.#startedAtMs)
    this.count = 0
    this.#sumMs = 0
    this.#neededMs = 0
    this.#startedAtMs = nowMs
    this.#agePeriods(nowMs, isCalm)
    return { gradient, needed }
  }

  #agePeriods(nowMs: number, isCalm: boolean): void {
    if (!isCalm || this.#calmSinceMs === null) {
      this.#calmSinceMs = isCalm ? nowMs : null
      return
    }
    if (nowMs - this.#calmSinceMs < PERIOD_MS) return
    this.#calmSinceMs = nowMs
    for (const latency of this.#methods.values()) latency.startPeriod()
  }
}
