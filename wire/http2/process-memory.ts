/** What all sessions of the process hold together, so that many modest sessions cannot add up to too much. */
import { warnOfFault } from './report-fault.ts'

/** A session as the gauge sees it. */
export interface MemoryHolder {
  /** Octets held by the stream that holds most, received or to be sent; 0 if none holds any. */
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

  /** A session that is gone leaves; what it held was subtracted by itself. */
  leave(holder: MemoryHolder): void {
    this.holders.delete(holder)
  }

  /** Resets the largest stalled streams until what is held is within `limitBytes` or none holds more than `sparedBytes`. */
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
   * Makes room for a newcomer of so many octets, at the cost of streams that hold more than twice as much: among equals those that
   * came first stay, or each would take the place of another. False: the newcomer has to be refused. Counts nothing.
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

/** The owner of a stream is called when it is reset. */
function resetLargest(holder: MemoryHolder): void {
  try {
    holder.resetLargestStalled()
  } catch (thrown) {
    warnOfFault(thrown)
  }
}

/** The gauge of this process. */
export const processMemory: ProcessMemory = new ProcessMemory()
