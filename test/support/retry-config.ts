/** Service configs of tests whose calls are tried again. */

/** Holds for all methods. An attempt follows the last one after a wait that no test has to sit through. */
export function retryConfig(maxAttempts: number, ...retryableStatusCodes: readonly string[]) {
  const backoff = { initialBackoff: '0.001s', maxBackoff: '0.001s', backoffMultiplier: 1 }
  return { methodConfig: [{ name: [{}], retryPolicy: { maxAttempts, ...backoff, retryableStatusCodes } }] }
}
