/** The encoder's copy of the peer's dynamic table, which fills up once and then never changes. */

import type { EncodableField } from './header-field.ts'
import { FIELD_OVERHEAD } from './header-field.ts'
import { STATIC_LENGTH } from './static-table.ts'

/** Maximum of remembered fields that were seen once. */
const MAX_SIGHTED = 64

/** The inserted fields of a name. Serials count insertions from 0. */
interface InsertedName {
  /** Serial of the newest field. */
  newest: number
  readonly serials: Map<string, number>
}

/**
 * Inserts fields while there is room, and never evicts. Starts over after a resize: entries that the peer still has from before are
 * older than all later ones, so they are evicted first and shift no index.
 */
export class EncoderTable {
  readonly #names = new Map<string, InsertedName>()
  /** Fields seen once, oldest first. */
  readonly #sighted = new Set<string>()
  #inserted = 0
  #room: number

  /** @param maxSize maximum size of the fields, in octets plus 32 per field */
  constructor(maxSize: number) {
    this.#room = maxSize
  }

  /** Returns the index of the field, or 0. */
  indexOf(name: string, value: string): number {
    const serial = this.#names.get(name)?.serials.get(value)
    return serial === undefined ? 0 : this.#index(serial)
  }

  /** Returns the index of a field with this name, or 0. */
  indexOfName(name: string): number {
    const inserted = this.#names.get(name)
    return inserted === undefined ? 0 : this.#index(inserted.newest)
  }

  /** Whether the field can be inserted without an eviction. */
  hasRoomFor(field: EncodableField): boolean {
    return sizeOf(field) <= this.#room
  }

  /** Whether the field was seen recently. Remembers it if not. */
  isSecondSight(field: EncodableField): boolean {
    const sight = sightOf(field)
    if (this.#sighted.has(sight)) return true
    if (this.#sighted.size === MAX_SIGHTED) this.#forgetOldest()
    this.#sighted.add(sight)
    return false
  }

  /** Records the insertion of a field. The caller guarantees that there is room. */
  insert(field: EncodableField): void {
    const serial = this.#inserted++
    this.#room -= sizeOf(field)
    this.#sighted.delete(sightOf(field))
    const inserted = this.#names.get(field.name)
    if (inserted === undefined) {
      this.#names.set(field.name, { newest: serial, serials: new Map([[field.value, serial]]) })
      return
    }
    inserted.newest = serial
    inserted.serials.set(field.value, serial)
  }

  /** Starts over with another size. */
  reset(maxSize: number): void {
    this.#names.clear()
    this.#inserted = 0
    this.#room = maxSize
  }

  #forgetOldest(): void {
    for (const oldest of this.#sighted) {
      this.#sighted.delete(oldest)
      return
    }
  }

  #index(serial: number): number {
    return STATIC_LENGTH + this.#inserted - serial
  }
}

function sizeOf(field: EncodableField): number {
  return field.name.length + field.value.length + FIELD_OVERHEAD
}

function sightOf({ name, value }: EncodableField): string {
  return `${name}\0${value}`
}
