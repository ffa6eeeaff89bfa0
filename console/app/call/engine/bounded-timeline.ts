/** The newest entries of a time line. */
import type { TimelineEntry } from '../../contracts/live-call.ts'

/** How many entries a time line keeps. A message of 1 KiB in each makes about 10 MB. */
export const MAX_ENTRIES = 10_000

/** An entry before it has its place and its time. */
export type EntryContent = TimelineEntry extends infer Entry
  ? Entry extends TimelineEntry
    ? Omit<Entry, 'index' | 'atMs'>
    : never
  : never

/** Keeps the newest entries, in bounded memory. */
export class BoundedTimeline {
  readonly #maxEntries: number
  readonly #entries: TimelineEntry[] = []
  #count = 0

  constructor(maxEntries: number = MAX_ENTRIES) {
    this.#maxEntries = maxEntries
  }

  /** How many entries there have been. */
  get count(): number {
    return this.#count
  }

  /** How many of the oldest entries are no longer kept. */
  get dropped(): number {
    return Math.max(0, this.#count - this.#maxEntries)
  }

  add(content: EntryContent, atMs: number): void {
    this.#entries.push({ ...content, index: this.#count, atMs } as TimelineEntry)
    this.#count += 1
    // Twice as many are kept before the oldest half is removed, so that the cost per entry is constant.
    if (this.#entries.length >= 2 * this.#maxEntries) this.#entries.splice(0, this.#entries.length - this.#maxEntries)
  }

  /** Returns the entries that are kept, oldest first. */
  snapshot(): readonly TimelineEntry[] {
    return this.#entries.slice(-this.#maxEntries)
  }
}
