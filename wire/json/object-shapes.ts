/** Estimates what the keys of objects take: V8 keeps a hidden class for each order in which an object got its keys. */

/** An object of more keys is a hash table, whatever it has in common with others. */
const MAX_SHAPED_KEYS = 127

/** One key there. */
const TABLE_KEY_BYTES = 88

/** A key that objects had at this place before. */
const KNOWN_KEY_BYTES = 16

/** A hidden class, and its share of a list of all keys up to here, which is copied as it grows. */
const SHAPE_BYTES = 200
const SHAPE_BYTES_PER_KEY = 32

/** Keys that are indexes have no part in the hidden class. */
const INDEX = /^\d{1,10}$/
const INDEX_BYTES = 120

/** Names and shapes are numbered; both numbers make one key of a map. */
const MAX_NAMES = 2 ** 26

/** Follows the objects of one text as they are opened, filled and closed. */
export class ObjectShapes {
  readonly #names = new Map<string, number>()
  /** By the shape before and the name that is added. */
  readonly #shapes = new Map<number, number>()
  /** Of the objects that are open, by depth. */
  readonly #open: number[] = []
  readonly #keys: number[] = []

  /** @param depth of an object without keys */
  enter(depth: number): void {
    this.#open[depth] = 0
    this.#keys[depth] = 0
  }

  /** Returns what one more key of an object that is open takes, in bytes. */
  add(depth: number, name: string): number {
    if (INDEX.test(name)) return INDEX_BYTES
    const keys = (this.#keys[depth] ?? 0) + 1
    this.#keys[depth] = keys
    if (keys > MAX_SHAPED_KEYS) return keys === MAX_SHAPED_KEYS + 1 ? keys * TABLE_KEY_BYTES : TABLE_KEY_BYTES
    const step = (this.#open[depth] ?? 0) * MAX_NAMES + this.#numberOf(name)
    const known = this.#shapes.get(step)
    const shape = known ?? this.#shapes.size + 1
    this.#open[depth] = shape
    if (known !== undefined) return KNOWN_KEY_BYTES
    this.#shapes.set(step, shape)
    return SHAPE_BYTES + SHAPE_BYTES_PER_KEY * keys
  }

  #numberOf(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    this.#names.set(name, this.#names.size)
    return this.#names.size - 1
  }
}
