/** Stops trying again when too much fails, so that clients do not bury a server that is down (gRFC A6). */
import type { RetryThrottling } from './service-config.ts'

/** The tokens of one target, shared by all of its calls. */
export class RetryThrottle {
  readonly #config: RetryThrottling
  #tokens: number

  constructor(config: RetryThrottling) {
    this.#config = config
    this.#tokens = config.maxTokens
  }

  /** What is left, from 0 to `maxTokens`. */
  get tokens(): number {
    return this.#tokens
  }

  /** Whether another attempt may be made. First attempts always may. */
  get allowsRetry(): boolean {
    return this.#tokens > this.#config.maxTokens / 2
  }

  /** A call went well. */
  onSuccess(): void {
    this.#tokens = Math.min(this.#config.maxTokens, this.#tokens + this.#config.tokenRatio)
  }

  /** An attempt failed in a way that is worth another, or the server asked for no more. */
  onFailure(): void {
    this.#tokens = Math.max(0, this.#tokens - 1)
  }
}
