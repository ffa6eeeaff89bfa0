/** The sending half's picture of the peer's dynamic table: it fills up once and then stands still. */

import type { EncodableField } from './encodable-field.ts'
import { FIELD_OVERHEAD } from './header-field.ts'
import { STATIC_LENGTH } from './static-table.ts'

/** So many of the fields that were seen once are remembered. */
const MAX_SIGHTED = 64

/** The inserted fields of a name; a serial counts insertions from 0. */
interface InsertedName {
  /** The serial of the newest. */
  newest: number
  readonly serials: Map<string, number>
}

/**
 * Never evicts: it takes fields while there is room. After a resize it starts anew; what the peer may still keep of the time
 * before is older than all that follows, so that it gives way first and shifts no index.
 */
export class EncoderTable {
  readonly #names = new Map<string, InsertedName>()
  /** The oldest first. */
  readonly #sighted = new Set<string>()
  #inserted = 0
  #room: number

  /** @param maxSize octets that the fields may take, with 32 a field. */
  constructor(maxSize: number) {
    this.#room = maxSize
  }

  /** The index of the whole field, or 0. */
  indexOf(name: string, value: string): number {
    const serial = this.#names.get(name)?.serials.get(value)
    return serial === undefined ? 0 : this.#index(serial)
  }

  /** The index of a field with this name, or 0. */
  indexOfName(name: string): number {
    const inserted = this.#names.get(name)
    return inserted === undefined ? 0 : this.#index(inserted.newest)
  }

  /** True if the field can be inserted without evicting another. */
  hasRoomFor(field: EncodableField): boolean {
    return sizeOf(field) <= this.#room
  }

  /** True if the field is among the last that were seen once; if not, it is from now on. */
  isSecondSight(field: EncodableField): boolean {
    const sight = sightOf(field)
    if (this.#sighted.has(sight)) return true
    if (this.#sighted.size === MAX_SIGHTED) this.#forgetOldest()
    this.#sighted.add(sight)
    return false
  }

  /** Notes that the field was inserted; the caller knows that there is room. */
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

  /** Starts anew with another size. */
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
