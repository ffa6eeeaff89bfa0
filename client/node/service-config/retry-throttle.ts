/** Stops retries when too many calls fail, so that clients do not overload a failing server (gRFC A6). */
import type { RetryThrottling } from './service-config.ts'

/** The retry tokens of one target, shared by all of its calls. */
export class RetryThrottle {
  readonly #config: RetryThrottling
  #tokens: number

  constructor(config: RetryThrottling) {
    this.#config = config
    this.#tokens = config.maxTokens
  }

  /** The remaining tokens, from 0 to `maxTokens`. */
  get tokens(): number {
    return this.#tokens
  }

  /** Whether another attempt may be made. First attempts are always allowed. */
  get allowsRetry(): boolean {
    return this.#tokens > this.#config.maxTokens / 2
  }

  /** Counts a successful call. */
  onSuccess(): void {
    this.#tokens = Math.min(this.#config.maxTokens, this.#tokens + this.#config.tokenRatio)
  }

  /** Counts an attempt that failed with a retryable code, or whose server asked not to retry. */
  onFailure(): void {
    this.#tokens = Math.max(0, this.#tokens - 1)
  }
}
