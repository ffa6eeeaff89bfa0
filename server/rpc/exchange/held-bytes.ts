/** The share of one HTTP/1.1 exchange in what all connections of the process hold. */
import type { MemoryBudget, MemoryHolder } from '../../../wire/http2/http2.ts'

/** Takes part in the gauge of the process while it holds anything. */
export class HeldBytes implements MemoryHolder {
  readonly #budget: MemoryBudget
  readonly #giveUp: () => void
  #bytes = 0

  /** @param giveUp ends the exchange, which holds the most of all; what it held counts no more */
  constructor(budget: MemoryBudget, giveUp: () => void) {
    this.#budget = budget
    this.#giveUp = giveUp
  }

  /** The exchange holds so much from now on. Above the budget of the process the largest holders are given up, maybe this one. */
  set(bytes: number): void {
    const change = bytes - this.#bytes
    if (change === 0) return
    const { memory, processBufferBytes } = this.#budget
    if (bytes === 0) memory.leave(this)
    else if (this.#bytes === 0) memory.join(this)
    this.#bytes = bytes
    memory.heldBytes += change
    if (change > 0 && memory.heldBytes > processBufferBytes) memory.relieve(processBufferBytes)
  }

  largestStalledBytes(): number {
    return this.#bytes
  }

  resetLargestStalled(): void {
    this.set(0)
    this.#giveUp()
  }
}
