/** Sheds load: refuses calls that an overloaded server could not answer in time. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { Admission, AdmissionControl, AdmissionEnd, AdmissionRequest } from '../rpc/admission.ts'
import type { Middleware } from '../rpc/middleware.ts'
import { isStandardService } from '../rpc/standard-service.ts'
import {
  type AdaptiveLimitOptions,
  type ResolvedAdaptiveLimit,
  resolveAdaptiveLimit,
} from './adaptive-limit-options.ts'
import { priorityShares } from './call-priority.ts'
import { CallsInFlight } from './calls-in-flight.ts'
import { GradientLimit } from './gradient-limit.ts'
import { type EndedCall, LatencyBaseline } from './latency-baseline.ts'
import { limitMetrics } from './limit-metrics.ts'
import { LoadWatch } from './load-watch.ts'
import { pushback } from './pushback.ts'

/** An adaptive limit, for the option `middleware`. */
export interface AdaptiveLimit extends Middleware {
  readonly state: AdaptiveLimitState
}

/** What an adaptive limit does now. Read it at any time. */
export interface AdaptiveLimitState {
  /** Whether the process is overloaded, so that the limit is in force. */
  readonly isOverloaded: boolean
  /** The most calls in flight. Without overload `maxConcurrencyLimit`. */
  readonly limit: number
  /** The calls in flight, without streams. */
  readonly inFlight: number
  /** The calls that were refused since the start. */
  readonly shed: number
}

/** How often the load is measured, in milliseconds. */
const SAMPLE_MS = 50

/** The limit stays in force for this long after the last sign of overload. */
const HOLD_MS = 500

/**
 * Refuses calls with UNAVAILABLE while the process is overloaded, so that those it admits are answered in time. Runs when the headers
 * of a call arrive, before anything is spent on it; put it first in the list, after telemetry.
 *
 *     adaptiveLimit()
 *
 * Overloaded is a process whose event loop or processors have hardly been idle lately. Then calls in flight are limited, and the limit
 * follows their latency, compared with what each method needs without load. Streams are admitted or refused as other calls, but do not
 * count while they are open. Health, reflection, channelz and admin services are never refused.
 *
 * @throws RangeError that names every option that is not valid
 */
export function adaptiveLimit(options: AdaptiveLimitOptions = {}): AdaptiveLimit {
  const control = new AdaptiveControl(resolveAdaptiveLimit(options))
  return {
    name: 'adaptiveLimit',
    state: control,
    metricSources: limitMetrics('adaptiveLimit', () => {
      const { shed, inFlight, limit } = control
      return { refused: shed, inFlight, limit }
    }),
    admission: control,
    appliesTo: ({ parent }) => !isStandardService(parent.typeName),
  }
}

class AdaptiveControl implements AdmissionControl, AdaptiveLimitState {
  isOverloaded = false
  shed = 0
  readonly #calls: CallsInFlight
  readonly #load: LoadWatch
  readonly #latencies: LatencyBaseline
  readonly #limit: GradientLimit
  readonly #shareOf: (call: AdmissionRequest) => number
  readonly #refusal: () => ConnectError
  readonly #now: () => number
  readonly #maxLimit: number
  #sampleAtMs = 0
  #overloadedUntilMs = 0

  constructor(options: ResolvedAdaptiveLimit) {
    const { runtime, maxConcurrencyLimit, retryAfterMs } = options
    this.#calls = new CallsInFlight(runtime)
    this.#load = new LoadWatch({ ...options, readTimes: runtime.readTimes })
    this.#latencies = new LatencyBaseline(options)
    this.#limit = new GradientLimit({ min: options.minConcurrencyLimit, max: maxConcurrencyLimit })
    this.#shareOf = priorityShares(options.priority)
    this.#refusal = pushback({ message: 'server is overloaded', retryAfterMs, random: runtime.random })
    this.#now = runtime.now
    this.#maxLimit = maxConcurrencyLimit
  }

  get limit(): number {
    return this.isOverloaded ? this.#limit.limit : this.#maxLimit
  }

  get inFlight(): number {
    return this.#calls.count
  }

  admit(call: AdmissionRequest): Admission | null {
    const nowMs = this.#now()
    if (nowMs >= this.#sampleAtMs) this.#sample(nowMs)
    if (this.isOverloaded && this.#calls.count >= Math.max(1, this.#limit.limit * this.#shareOf(call))) {
      this.shed += 1
      throw this.#refusal()
    }
    const unreadMs = this.#calls.start(nowMs, call.startedAtMs)
    if (!call.isStream) return new AdmittedCall(this, { method: call.method, nowMs, unreadMs })
    this.#calls.end()
    return null
  }

  /** Calls that failed say nothing about how long calls take. */
  onEnd(call: EndedCall, isSuccess: boolean): void {
    this.#calls.end()
    if (isSuccess) this.#latencies.add(call)
  }

  #sample(nowMs: number): void {
    this.#sampleAtMs = nowMs + SAMPLE_MS
    if (this.#load.isOverloaded(nowMs)) {
      if (!this.isOverloaded) this.#limit.start(this.#calls.peak)
      this.isOverloaded = true
      this.#overloadedUntilMs = nowMs + HOLD_MS
    } else if (nowMs >= this.#overloadedUntilMs) this.isOverloaded = false
    if (!this.#latencies.isComplete(nowMs)) return
    const interval = this.#latencies.endInterval({ nowMs, isCalm: !this.isOverloaded })
    if (this.isOverloaded) this.#limit.update(interval, this.#calls.peak)
    this.#calls.peak = this.#calls.count
  }
}

/** A call from its admission to its end. */
class AdmittedCall implements Admission {
  readonly #control: AdaptiveControl
  readonly #method: DescMethod
  readonly #admittedAtMs: number
  readonly #unreadMs: number

  constructor(control: AdaptiveControl, { method, nowMs, unreadMs }: AdmittedFacts) {
    this.#control = control
    this.#method = method
    this.#admittedAtMs = nowMs
    this.#unreadMs = unreadMs
  }

  end({ code, durationMs }: AdmissionEnd): void {
    const latencyMs = this.#unreadMs + durationMs
    this.#control.onEnd({ method: this.#method, startedAtMs: this.#admittedAtMs, latencyMs }, code === undefined)
  }
}

interface AdmittedFacts {
  readonly method: DescMethod
  readonly nowMs: number
  /** How long the request lay unread in the turn of the event loop in which it was admitted. */
  readonly unreadMs: number
}
