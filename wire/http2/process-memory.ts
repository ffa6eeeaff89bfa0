/** The memory that all sessions of the process hold, which has a limit, as many modest sessions add up. */
import { warnOfFault } from './report-fault.ts'

/** A session that holds memory. */
export interface MemoryHolder {
  /** Returns the octets of the stream that holds most, received or to be sent; 0 if none holds any. */
  largestStalledBytes(): number
  /** Resets that stream. */
  resetLargestStalled(): void
}

/** What may be held, and where it is counted. */
export interface MemoryBudget {
  readonly memory: ProcessMemory
  /** The most that `memory` may hold, in octets. */
  readonly processBufferBytes: number
}

/** Counts allocated octets: received and not consumed, and handed over and not yet sent. */
export class ProcessMemory {
  /** Octets held now. */
  heldBytes = 0
  private readonly holders = new Set<MemoryHolder>()

  /** Sessions that take part. */
  get size(): number {
    return this.holders.size
  }

  /** A session that holds something takes part in {@link relieve}. */
  join(holder: MemoryHolder): void {
    this.holders.add(holder)
  }

  /** Removes a session that has ended. It has subtracted its memory itself. */
  leave(holder: MemoryHolder): void {
    this.holders.delete(holder)
  }

  /** Resets the largest stalled streams until the held memory is within `limitBytes`, or none holds more than `sparedBytes`. */
  relieve(limitBytes: number, sparedBytes = 0): void {
    const fruitless = new Set<MemoryHolder>()
    while (this.heldBytes > limitBytes) {
      const largest = this.findLargest(fruitless, sparedBytes)
      if (largest === undefined) return
      const before = this.heldBytes
      resetLargest(largest)
      if (this.heldBytes >= before) fruitless.add(largest)
    }
  }

  /**
   * Makes room for a new message, by resetting streams that hold more than twice as much. Smaller ones stay, as otherwise equals would
   * replace each other forever. Returns false if the message must be refused. Does not count it.
   */
  makeRoom(bytes: number, limitBytes: number): boolean {
    if (this.heldBytes + bytes <= limitBytes) return true
    this.relieve(limitBytes - bytes, 2 * bytes)
    return this.heldBytes + bytes <= limitBytes
  }

  private findLargest(fruitless: ReadonlySet<MemoryHolder>, sparedBytes: number): MemoryHolder | undefined {
    let largest: MemoryHolder | undefined
    let largestBytes = sparedBytes
    for (const holder of this.holders) {
      const bytes = fruitless.has(holder) ? 0 : holder.largestStalledBytes()
      if (bytes > largestBytes) {
        largest = holder
        largestBytes = bytes
      }
    }
    return largest
  }
}

/** Contains the errors of stream owners, which are called for a reset. */
function resetLargest(holder: MemoryHolder): void {
  try {
    holder.resetLargestStalled()
  } catch (thrown) {
    warnOfFault(thrown)
  }
}

/** The memory of this process. */
export const processMemory: ProcessMemory = new ProcessMemory()
