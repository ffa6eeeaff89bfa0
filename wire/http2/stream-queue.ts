/** A first-in, first-out queue of streams. */
import type { StreamState } from './stream-state.ts'

/** How many empty places at the front are worth moving the rest. */
const COMPACT_FROM = 64

export class StreamQueue {
  private items: StreamState[] = []
  private head = 0

  get length(): number {
    return this.items.length - this.head
  }

  push(stream: StreamState): void {
    this.items.push(stream)
  }

  /** The oldest one, taken out. */
  shift(): StreamState | undefined {
    const stream = this.items[this.head]
    if (stream === undefined) return undefined
    this.head++
    if (this.head === this.items.length) this.clear()
    else if (this.head >= COMPACT_FROM && this.head * 2 >= this.items.length) {
      this.items.splice(0, this.head)
      this.head = 0
    }
    return stream
  }

  /** All of them, in a new array. */
  list(): StreamState[] {
    return this.items.slice(this.head)
  }

  /** Drops those that need not be kept. */
  retain(isKept: (stream: StreamState) => boolean): void {
    this.items = this.list().filter(isKept)
    this.head = 0
  }

  clear(): void {
    this.items.length = 0
    this.head = 0
  }
}
