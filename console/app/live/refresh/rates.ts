/** How fast counters grow between refreshes. */

interface Reading {
  readonly atMs: number
  readonly value: number
}

/** Remembers the last two readings of counters by their names. Counters that a refresh does not read are forgotten. */
export class Rates {
  #last = new Map<string, Reading>()
  #rates = new Map<string, number>()

  /** Takes the counters of a refresh. */
  update(atMs: number, counters: Iterable<readonly [name: string, value: number | bigint]>): void {
    const readings = new Map<string, Reading>()
    const rates = new Map<string, number>()
    for (const [name, value] of counters) {
      const reading = { atMs, value: Number(value) }
      const before = this.#last.get(name)
      readings.set(name, reading)
      if (before !== undefined && atMs > before.atMs) rates.set(name, ratePerSecond(before, reading))
    }
    this.#last = readings
    this.#rates = rates
  }

  /** The growth per second; null before the second reading. */
  of(name: string): number | null {
    return this.#rates.get(name) ?? null
  }
}

function ratePerSecond(before: Reading, after: Reading): number {
  return (increase(before.value, after.value) / (after.atMs - before.atMs)) * 1_000
}

/** How much a counter has grown. One that is smaller than before has started again from zero. */
export function increase(before: number, after: number): number {
  return after < before ? after : after - before
}
