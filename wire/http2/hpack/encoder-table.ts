/** The sending half's picture of the peer's dynamic table: it fills up once and then stands still. */

import type { EncodableField } from './encodable-field.ts'
import { FIELD_OVERHEAD } from './header-field.ts'
import { STATIC_LENGTH } from './static-table.ts'

/** Fields that were seen once are remembered in so many places, each for the last that fell on it. A power of two. */
const SIGHTINGS = 64

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
  readonly #sighted: (EncodableField | undefined)[] = new Array(SIGHTINGS).fill(undefined)
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

  /** True if the field was asked after before, and not displaced by another since; the first time it only notes the field. */
  isSecondSight(field: EncodableField): boolean {
    const place = placeOf(field)
    const noted = this.#sighted[place]
    if (noted !== undefined && noted.name === field.name && noted.value === field.value) return true
    this.#sighted[place] = field
    return false
  }

  /** Notes that the field was inserted; the caller knows that there is room. */
  insert(field: EncodableField): void {
    const serial = this.#inserted++
    this.#room -= sizeOf(field)
    this.#sighted[placeOf(field)] = undefined
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

  #index(serial: number): number {
    return STATIC_LENGTH + this.#inserted - serial
  }
}

function sizeOf(field: EncodableField): number {
  return field.name.length + field.value.length + FIELD_OVERHEAD
}

/** A few characters tell the fields of a program apart; those that fall together are inserted later, or not. */
function placeOf({ name, value }: EncodableField): number {
  const ends = value.length === 0 ? 0 : value.charCodeAt(0) + 7 * value.charCodeAt(value.length - 1)
  return (name.length + 3 * name.charCodeAt(name.length - 1) + 5 * value.length + ends) & (SIGHTINGS - 1)
}
