/** Estimates the memory of object keys: V8 keeps a hidden class for each order in which objects received their keys. */

/** Objects with more keys become hash tables, which share nothing. */
const MAX_SHAPED_KEYS = 127

/** The cost of a key in a hash table. */
const TABLE_KEY_BYTES = 88

/** The cost of a key for which there is a hidden class already. */
const KNOWN_KEY_BYTES = 16

/** The cost of a hidden class, and of its list of all keys so far, which V8 copies as it grows. */
const SHAPE_BYTES = 200
const SHAPE_BYTES_PER_KEY = 32

/** Keys that are array indexes are not part of the hidden class. */
const INDEX = /^\d{1,10}$/
const INDEX_BYTES = 120

/** Names and shapes are numbered; a shape and a name together form one map key. */
const MAX_NAMES = 2 ** 26

/** Tracks the shapes of the objects in one text, as a scan enters them and reads their keys. */
export class ObjectShapes {
  readonly #names = new Map<string, number>()
  /** The resulting shape, by previous shape and added name. */
  readonly #shapes = new Map<number, number>()
  /** The shapes of the open objects, by depth. */
  readonly #open: number[] = []
  readonly #keys: number[] = []

  /** Starts an object without keys at this depth. */
  enter(depth: number): void {
    this.#open[depth] = 0
    this.#keys[depth] = 0
  }

  /** Adds a key to the open object at this depth, and returns its cost in bytes. */
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
