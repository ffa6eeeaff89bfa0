/** Service configs for tests, in the form that calls use. */
import type { CallConfigSource } from '../../client/node/service-config/call-config.ts'
import type { MethodConfig } from '../../client/node/service-config/method-config.ts'
import { EMPTY_METHOD_CONFIG } from '../../client/node/service-config/method-config-table.ts'
import type { RetryThrottle } from '../../client/node/service-config/retry-throttle.ts'

/** One config for all methods, available from the start. */
export function configOf(method: Partial<MethodConfig>, throttle: RetryThrottle | null = null): CallConfigSource {
  const config: MethodConfig = { ...EMPTY_METHOD_CONFIG, ...method }
  return { current: { methods: { find: () => config }, throttle }, whenKnown: () => () => {} }
}
