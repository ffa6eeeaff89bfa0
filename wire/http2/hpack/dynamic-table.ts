/** The dynamic table of the receiving half (RFC 7541 section 2.3.2 and 4). */

import type { HeaderField } from './header-field.ts'

/** The size of both ends' tables until a table size update, in octets (RFC 9113 section 6.5.2). */
export const DEFAULT_TABLE_SIZE = 4096

/** Initial size of the ring, which few connections exceed; it doubles. A power of two. */
const FIRST_CAPACITY = 16

/** A ring of fields by age, newest first. Evicts the oldest; a field larger than the table empties it. */
export class DynamicTable {
  #ring: (HeaderField | undefined)[] = []
  /** The sizes of the fields at the same places, so that an eviction does not touch an object that has not been used for long. */
  #sizes: number[] = []
  /** Position of the newest field. */
  #newest = 0
  #length = 0
  #size = 0
  #maxSize = DEFAULT_TABLE_SIZE
  #generation = 0

  /** Increases with every insertion, eviction and resize. While it is unchanged, each index means the same field. */
  get generation(): number {
    return this.#generation
  }

  /** The number of fields. */
  get length(): number {
    return this.#length
  }

  /** The sum of the fields' sizes, in octets plus 32 per field; at most the size last set by `resize`. */
  get size(): number {
    return this.#size
  }

  /** Returns the field that this many fields are newer than, or undefined past the end. */
  at(age: number): HeaderField | undefined {
    return age < this.#length ? this.#ring[(this.#newest + age) & (this.#ring.length - 1)] : undefined
  }

  /** Inserts `field` as the newest, after evicting the oldest to make room. */
  insert(field: HeaderField): void {
    this.#generation++
    this.#evictTo(this.#maxSize - field.size)
    if (field.size > this.#maxSize) return
    if (this.#length === this.#ring.length) this.#grow()
    this.#newest = (this.#newest - 1) & (this.#ring.length - 1)
    this.#ring[this.#newest] = field
    this.#sizes[this.#newest] = field.size
    this.#length++
    this.#size += field.size
  }

  /** Sets the maximum size of the table, in octets. */
  resize(maxSize: number): void {
    this.#generation++
    this.#maxSize = maxSize
    this.#evictTo(maxSize)
  }

  #evictTo(size: number): void {
    if (this.#size <= size) return
    const mask = this.#ring.length - 1
    while (this.#size > size && this.#length > 0) {
      const oldest = (this.#newest + this.#length - 1) & mask
      this.#size -= this.#sizes[oldest] as number
      this.#ring[oldest] = undefined
      this.#length--
    }
  }

  #grow(): void {
    const fields: (HeaderField | undefined)[] = []
    for (let age = 0; age < this.#length; age++) fields.push(this.at(age))
    const capacity = Math.max(FIRST_CAPACITY, 2 * this.#length)
    while (fields.length < capacity) fields.push(undefined)
    this.#ring = fields
    this.#sizes = fields.map((field) => field?.size ?? 0)
    this.#newest = 0
  }
}
