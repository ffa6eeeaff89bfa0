/** Random numbers that are the same in every run. */

/** A small random generator (mulberry32), only good enough to vary test inputs. */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** An integer from 0 to below the limit. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  /** A number from 0 to below 1. */
  next(): number {
    return this.below(2 ** 32) / 2 ** 32
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }

  /** Single-byte characters, any of them. */
  text(length: number): string {
    return this.bytes(length).toString('latin1')
  }

  /** Letters. */
  word(length: number): string {
    return Array.from({ length }, () => String.fromCharCode(97 + this.below(26))).join('')
  }
}
