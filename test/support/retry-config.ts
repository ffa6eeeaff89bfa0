/** Service configs of tests whose calls are tried again. */
import type { RetryPolicyJson } from '../../client/node/service-config/grpc-service-config.ts'

interface RetryConfig {
  readonly methodConfig: readonly [{ readonly name: readonly object[]; readonly retryPolicy: RetryPolicyJson }]
}

/** Holds for all methods. An attempt follows the last one after a wait that no test has to sit through. */
export function retryConfig(maxAttempts: number, ...retryableStatusCodes: readonly string[]): RetryConfig {
  const backoff = { initialBackoff: '0.001s', maxBackoff: '0.001s', backoffMultiplier: 1 }
  return { methodConfig: [{ name: [{}], retryPolicy: { maxAttempts, ...backoff, retryableStatusCodes } }] }
}
