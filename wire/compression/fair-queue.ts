/** A queue of several lines that take turns, each first in, first out. An object, such as a connection, identifies a line. */
export class FairQueue<T> {
  /** The lines that are not empty, in the order of their turns. */
  readonly #lines = new Map<object, Set<T>>()

  get isEmpty(): boolean {
    return this.#lines.size === 0
  }

  /** Puts an item at the end of its line. */
  add(line: object, item: T): void {
    const items = this.#lines.get(line)
    if (items === undefined) this.#lines.set(line, new Set([item]))
    else items.add(item)
  }

  /** Returns the next item without removing it. */
  peek(): T | undefined {
    for (const [item] of this.#lines.values()) return item
    return undefined
  }

  /** Removes and returns the next item, and moves its line behind the others. */
  shift(): T | undefined {
    for (const [line, items] of this.#lines) {
      const [item] = items
      this.#lines.delete(line)
      items.delete(item as T)
      if (items.size > 0) this.#lines.set(line, items)
      return item
    }
    return undefined
  }

  /** Removes an item from its line. False if it is not there. */
  delete(line: object, item: T): boolean {
    const items = this.#lines.get(line)
    if (items === undefined || !items.delete(item)) return false
    if (items.size === 0) this.#lines.delete(line)
    return true
  }
}
