/** Service configs for tests with retries. */
import type { RetryPolicyJson } from '../../client/node/service-config/grpc-service-config.ts'

interface RetryConfig {
  readonly methodConfig: readonly [{ readonly name: readonly object[]; readonly retryPolicy: RetryPolicyJson }]
}

/** Applies to all methods. The backoff is short enough for tests. */
export function retryConfig(maxAttempts: number, ...retryableStatusCodes: readonly string[]): RetryConfig {
  const backoff = { initialBackoff: '0.001s', maxBackoff: '0.001s', backoffMultiplier: 1 }
  return { methodConfig: [{ name: [{}], retryPolicy: { maxAttempts, ...backoff, retryableStatusCodes } }] }
}
