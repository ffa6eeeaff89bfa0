/** What the service config says to calls, and how they wait for it. */
import type { MethodConfigs } from './method-config.ts'
import type { RetryThrottle } from './retry-throttle.ts'

/** A service config as calls see it. Another one is another object, so that what follows from it can be kept. */
export interface CallConfig {
  readonly methods: MethodConfigs
  /** The tokens of the target; null: calls are tried again without limit. */
  readonly throttle: RetryThrottle | null
}

/** Where the calls of a channel find their config. */
export interface CallConfigSource {
  /** Null until the resolver has answered for the first time. */
  readonly current: CallConfig | null
  /** Calls back once, when there is one; asked only while there is none. Returns a function that gives up. */
  whenKnown(callback: (config: CallConfig) => void): () => void
}
