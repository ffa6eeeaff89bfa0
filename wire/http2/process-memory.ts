/** What all sessions of the process hold together, so that many modest sessions cannot add up to too much. */

/** A session as the gauge sees it. */
export interface MemoryHolder {
  /** Octets held by the stream that holds most, received or to be sent; 0 if none holds any. */
  largestStalledBytes(): number
  /** Resets that stream. */
  resetLargestStalled(): void
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

  /** Resets the largest stalled streams until what is held is within `limitBytes` or none is left. */
  relieve(limitBytes: number): void {
    while (this.heldBytes > limitBytes) {
      let largest: MemoryHolder | undefined
      let largestBytes = 0
      for (const holder of this.holders) {
        const bytes = holder.largestStalledBytes()
        if (bytes > largestBytes) {
          largest = holder
          largestBytes = bytes
        }
      }
      if (largest === undefined) return
      largest.resetLargestStalled()
    }
  }
}

/** The gauge of this process. */
export const processMemory: ProcessMemory = new ProcessMemory()
