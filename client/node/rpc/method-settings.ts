/** What holds for the calls of a method: the options of the transport, and what the service config says of it. */

import type { CallConfig } from '../service-config/call-config.ts'
import type { HedgingPolicy, RetryPolicy } from '../service-config/method-config.ts'
import type { RetryThrottle } from '../service-config/retry-throttle.ts'

/** Complete; made once for each config. */
export interface MethodSettings {
  /** What holds for calls that do not say so themselves. */
  readonly waitsForReady: boolean
  /** The most time that a call gets, in milliseconds; Infinity: as much as it asks for. */
  readonly timeoutMs: number
  /** Bytes of a message before compression. */
  readonly maxSendBytes: number
  /** Bytes of a message, before and after inflating. */
  readonly maxReceiveBytes: number
  /** Null: a call that fails is not tried again. */
  readonly retry: RetryPolicy | null
  /** Null: one attempt at a time. */
  readonly hedging: HedgingPolicy | null
  /** What slows retries and hedges down; null: nothing does. */
  readonly throttle: RetryThrottle | null
}

/** What the transport itself allows. */
export interface MethodLimits {
  /** As {@link MethodSettings.maxSendBytes}. */
  readonly maxSendBytes: number
  /** As {@link MethodSettings.maxReceiveBytes}. */
  readonly maxReceiveBytes: number
  /** Whether policies of retries and hedging are heeded. */
  readonly hasPolicies: boolean
}

/** What holds before anything is known of the service config: nothing goes out, nothing comes in. */
export const UNKNOWN_SETTINGS: MethodSettings = Object.freeze({
  waitsForReady: false,
  timeoutMs: Number.POSITIVE_INFINITY,
  maxSendBytes: 0,
  maxReceiveBytes: 0,
  retry: null,
  hedging: null,
  throttle: null,
})

/** @param path `/package.Service/Method` */
export function methodSettings(config: CallConfig, path: string, limits: MethodLimits): MethodSettings {
  const method = config.methods.find(path)
  const { hasPolicies } = limits
  return Object.freeze({
    waitsForReady: method.waitForReady ?? false,
    timeoutMs: method.timeoutMs ?? Number.POSITIVE_INFINITY,
    maxSendBytes: Math.min(limits.maxSendBytes, method.maxRequestBytes ?? Number.POSITIVE_INFINITY),
    maxReceiveBytes: Math.min(limits.maxReceiveBytes, method.maxResponseBytes ?? Number.POSITIVE_INFINITY),
    retry: hasPolicies ? method.retryPolicy : null,
    hedging: hasPolicies ? method.hedgingPolicy : null,
    throttle: hasPolicies ? config.throttle : null,
  })
}
