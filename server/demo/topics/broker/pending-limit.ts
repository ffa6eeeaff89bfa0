/** Bounds what waits for the confirmation of a broker. */
import { TopicError } from '../topic-error.ts'

/** How much may wait. */
export interface PendingLimits {
  readonly maxItems: number
  readonly maxBytes: number
}

/** Counts messages that the broker has not confirmed. */
export class PendingLimit {
  readonly #limits: PendingLimits
  #items = 0
  #bytes = 0

  constructor(limits: PendingLimits) {
    this.#limits = limits
  }

  /** Throws a TopicError `limit_reached` if there is no room; then nothing is counted. */
  add(bytes: number): void {
    const { maxItems, maxBytes } = this.#limits
    if (this.#items >= maxItems) {
      throw new TopicError('limit_reached', `limit of ${maxItems} messages that the broker has not confirmed reached`)
    }
    if (this.#bytes + bytes > maxBytes) {
      throw new TopicError('limit_reached', `limit of ${maxBytes} bytes that the broker has not confirmed reached`)
    }
    this.#items += 1
    this.#bytes += bytes
  }

  delete(bytes: number): void {
    this.#items -= 1
    this.#bytes -= bytes
  }
}
