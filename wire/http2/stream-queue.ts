/** A first-in, first-out queue of streams. */
import type { StreamState } from './stream-state.ts'

/** Number of empty places at the front from which the queue is compacted. */
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

  /** Removes and returns the oldest stream. */
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

  /** Returns all streams, in a new array. */
  list(): StreamState[] {
    return this.items.slice(this.head)
  }

  /** Removes the streams for which `isKept` returns false. */
  retain(isKept: (stream: StreamState) => boolean): void {
    this.items = this.list().filter(isKept)
    this.head = 0
  }

  clear(): void {
    this.items.length = 0
    this.head = 0
  }
}
