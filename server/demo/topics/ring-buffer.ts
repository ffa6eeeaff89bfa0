/** A first-in, first-out list whose operations take constant time at any length. */

/** The slots of a buffer that holds something: small, as most topics and queues stay short. A power of two. */
const INITIAL_SLOTS = 8

/** Grows as needed, by doubling, and never shrinks: bounding the length is up to its owner. */
export class RingBuffer<T> {
  /** The length is 0 or a power of two, so that a mask replaces the modulo. */
  #slots: (T | undefined)[] = []
  #head = 0
  #size = 0

  /** How many items there are. */
  get size(): number {
    return this.#size
  }

  /** The item at the place counted from the oldest, which is 0; undefined when there is none. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#size) return undefined
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  /** Adds an item as the newest. */
  push(item: T): void {
    if (this.#size === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item
    this.#size++
  }

  /** Takes the oldest item out; undefined when there is none. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#size--
    return item
  }

  /** Takes all items out and gives their slots back. */
  clear(): void {
    this.#slots = []
    this.#head = 0
    this.#size = 0
  }

  #grow(): void {
    const slots = new Array<T | undefined>(Math.max(INITIAL_SLOTS, this.#slots.length * 2)).fill(undefined)
    for (let index = 0; index < this.#size; index++) slots[index] = this.at(index)
    this.#slots = slots
    this.#head = 0
  }
}
