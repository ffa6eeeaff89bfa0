/** When a topic has more bytes than it may keep. The stream limits messages per topic, but bytes only in total. */
import type { TopicPlace } from './topic-entry.ts'

/** Bytes are dropped in parts of this share of the limit. */
const PART = 0.25

/** Remembers where in the stream the bytes of a topic are, by the entries that this process wrote. */
export class TopicTrim {
  readonly #maxBytes: number
  /** Oldest first, at least a part from each other. */
  #marks: TopicPlace[] = []

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * Takes the place after an entry was written. Returns the number in the stream up to which entries are no longer kept; null if there
   * is nothing to drop that this process knows of.
   */
  written(place: TopicPlace): number | null {
    if (this.#marks[0]?.epoch !== place.epoch) this.#marks = []
    const newest = this.#marks.at(-1)
    if (newest === undefined || place.totalBytes - newest.totalBytes >= this.#maxBytes * PART) this.#marks.push(place)

    let end: number | null = null
    for (let oldest = this.#marks[0]; oldest !== undefined; oldest = this.#marks[0]) {
      if (place.totalBytes - oldest.totalBytes < this.#maxBytes) break
      end = oldest.streamSequence
      this.#marks.shift()
    }
    return end
  }
}
