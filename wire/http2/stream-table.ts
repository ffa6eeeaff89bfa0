/** The open streams of a session by id. */
import type { StreamState } from './stream-state.ts'

/** A stream whose slot is free when it is added is found by one array access. The few others are in a Map. */
const SLOTS = 128

/** Ids have one parity, so consecutive streams have consecutive slots. */
export class StreamTable {
  /** Streams in the table. */
  size = 0
  private readonly slots: (StreamState | null)[] = []
  private readonly overflow = new Map<number, StreamState>()

  get(id: number): StreamState | undefined {
    const stream = this.slots[(id >>> 1) % SLOTS]
    if (stream?.id === id) return stream
    return this.overflow.size === 0 ? undefined : this.overflow.get(id)
  }

  add(stream: StreamState): void {
    const slot = (stream.id >>> 1) % SLOTS
    while (this.slots.length <= slot) this.slots.push(null)
    if (this.slots[slot] === null) this.slots[slot] = stream
    else this.overflow.set(stream.id, stream)
    this.size++
  }

  /** Removes a stream. False if it was not in the table. */
  delete(stream: StreamState): boolean {
    const slot = (stream.id >>> 1) % SLOTS
    if (this.slots[slot] === stream) this.slots[slot] = null
    else if (!this.overflow.delete(stream.id)) return false
    this.size--
    return true
  }

  /** Returns all streams in a new array, so that the table may change during iteration. */
  list(): StreamState[] {
    const streams: StreamState[] = [...this.overflow.values()]
    for (const stream of this.slots) if (stream !== null) streams.push(stream)
    return streams
  }
}
