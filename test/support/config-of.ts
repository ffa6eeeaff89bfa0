/** Service configs for tests, in the form that calls use. */
import { Code } from '@connectrpc/connect'
import type { CallConfig, CallConfigSource } from '../../client/node/service-config/call-config.ts'
import type { MethodConfig, RetryPolicy } from '../../client/node/service-config/method-config.ts'
import { EMPTY_METHOD_CONFIG } from '../../client/node/service-config/method-config-table.ts'
import type { RetryThrottle } from '../../client/node/service-config/retry-throttle.ts'

/** Two retries, a second apart, of calls that failed with UNAVAILABLE or CANCELLED. */
export const RETRY_POLICY: RetryPolicy = {
  maxAttempts: 3,
  initialBackoffMs: 1_000,
  maxBackoffMs: 1_000,
  backoffMultiplier: 1,
  retryableCodes: new Set([Code.Unavailable, Code.Canceled]),
}

/** One config for all methods, available from the start. */
export function configOf(method: Partial<MethodConfig>, throttle: RetryThrottle | null = null): CallConfigSource {
  const config: MethodConfig = { ...EMPTY_METHOD_CONFIG, ...method }
  return { current: { methods: { find: () => config }, throttle }, whenKnown: () => () => {} }
}

/** A config that is unknown until the test provides it. */
export class LateConfig implements CallConfigSource {
  current: CallConfig | null = null
  readonly waiting = new Set<(config: CallConfig) => void>()

  whenKnown(callback: (config: CallConfig) => void): () => void {
    this.waiting.add(callback)
    return () => this.waiting.delete(callback)
  }

  become(method: Partial<MethodConfig>): void {
    const { current } = configOf(method)
    this.current = current
    if (current !== null) for (const callback of this.waiting) callback(current)
  }
}
