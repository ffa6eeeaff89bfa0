/** The open streams of a session by id. */
import type { Stream } from './stream.ts'

/** Streams whose id selects a free slot are found by an array access; the few others are kept in a Map. */
const SLOTS = 128

/** Ids are of one parity, so consecutive streams have consecutive slots. */
export class StreamTable {
  /** Streams in the table. */
  size = 0
  private readonly slots: (Stream | null)[] = []
  private readonly overflow = new Map<number, Stream>()

  get(id: number): Stream | undefined {
    const stream = this.slots[(id >>> 1) % SLOTS]
    if (stream?.id === id) return stream
    return this.overflow.size === 0 ? undefined : this.overflow.get(id)
  }

  add(stream: Stream): void {
    const slot = (stream.id >>> 1) % SLOTS
    while (this.slots.length <= slot) this.slots.push(null)
    if (this.slots[slot] === null) this.slots[slot] = stream
    else this.overflow.set(stream.id, stream)
    this.size++
  }

  /** True if it was there. */
  delete(stream: Stream): boolean {
    const slot = (stream.id >>> 1) % SLOTS
    if (this.slots[slot] === stream) this.slots[slot] = null
    else if (!this.overflow.delete(stream.id)) return false
    this.size--
    return true
  }

  /** All streams, in a new array, so that the table may change meanwhile. */
  list(): Stream[] {
    const streams: Stream[] = [...this.overflow.values()]
    for (const stream of this.slots) if (stream !== null) streams.push(stream)
    return streams
  }
}
