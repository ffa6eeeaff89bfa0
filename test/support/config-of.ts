/** Service configs of tests, as calls see them. */
import type { CallConfigSource } from '../../client/node/service-config/call-config.ts'
import type { MethodConfig } from '../../client/node/service-config/method-config.ts'
import { EMPTY_METHOD_CONFIG } from '../../client/node/service-config/method-config-table.ts'
import type { RetryThrottle } from '../../client/node/service-config/retry-throttle.ts'

/** One that says the same of all methods, and is known from the beginning. */
export function configOf(method: Partial<MethodConfig>, throttle: RetryThrottle | null = null): CallConfigSource {
  const config: MethodConfig = { ...EMPTY_METHOD_CONFIG, ...method }
  return { current: { methods: { find: () => config }, throttle }, whenKnown: () => () => {} }
}
