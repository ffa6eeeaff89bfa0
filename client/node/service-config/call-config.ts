/** The part of the service config that calls use, and how they wait for it. */
import type { MethodConfigs } from './method-config.ts'
import type { RetryThrottle } from './retry-throttle.ts'

/** The service config for calls. Each config is a new object, so that results derived from it can be cached. */
export interface CallConfig {
  readonly methods: MethodConfigs
  /** The retry tokens of the target; null for no throttling. */
  readonly throttle: RetryThrottle | null
}

/** Provides the calls of a channel with their config. */
export interface CallConfigSource {
  /** Null before the first result of the resolver. */
  readonly current: CallConfig | null
  /** Calls back once there is a config. Only for use while there is none. Returns a function that cancels the callback. */
  whenKnown(callback: (config: CallConfig) => void): () => void
}
