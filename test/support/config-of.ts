/** Service configs for tests, in the form that calls use. */
import type { CallConfig, CallConfigSource } from '../../client/node/service-config/call-config.ts'
import type { MethodConfig } from '../../client/node/service-config/method-config.ts'
import { EMPTY_METHOD_CONFIG } from '../../client/node/service-config/method-config-table.ts'
import type { RetryThrottle } from '../../client/node/service-config/retry-throttle.ts'

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
