/** What waits, in lines: each line gets its turn, and within a line the first comes first. */

/** A line is known by an object, such as a connection. */
export class FairQueue<T> {
  /** Lines that are not empty; the first one is next. */
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

  /** The item whose turn it is. */
  peek(): T | undefined {
    for (const [item] of this.#lines.values()) return item
    return undefined
  }

  /** Takes that item out; its line goes behind the others. */
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

  /** Takes an item out, wherever it stands. False: it is not there. */
  delete(line: object, item: T): boolean {
    const items = this.#lines.get(line)
    if (items === undefined || !items.delete(item)) return false
    if (items.size === 0) this.#lines.delete(line)
    return true
  }
}
