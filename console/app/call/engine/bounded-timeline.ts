/** The newest entries of a time line. */
import type { TimelineEntry } from '../../contracts/live-call.ts'

/** How many entries a time line keeps. */
export const MAX_ENTRIES = 10_000

/** How many bytes the messages of a time line have at most, as encoded. The newest one is kept whatever its size. */
export const MAX_BYTES = 64 * 1024 * 1024

/** An entry before it has its place and its time. */
export type EntryContent = TimelineEntry extends infer Entry
  ? Entry extends TimelineEntry
    ? Omit<Entry, 'index' | 'atMs'>
    : never
  : never

/** What bounds a time line. */
export interface TimelineLimits {
  /** Default: {@link MAX_ENTRIES}. */
  readonly maxEntries?: number
  /** Default: {@link MAX_BYTES}. */
  readonly maxBytes?: number
}

/** Keeps the newest entries, in bounded memory. */
export class BoundedTimeline {
  readonly #maxEntries: number
  readonly #maxBytes: number
  /** Those before `#start` are dropped, and removed from time to time, so that the cost per entry is constant. */
  readonly #entries: TimelineEntry[] = []
  #start = 0
  #bytes = 0
  #count = 0

  constructor({ maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES }: TimelineLimits = {}) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  /** How many entries there have been. */
  get count(): number {
    return this.#count
  }

  /** How many of the oldest entries are no longer kept. */
  get dropped(): number {
    return this.#count - this.#kept
  }

  add(content: EntryContent, atMs: number): void {
    const entry = { ...content, index: this.#count, atMs } as TimelineEntry
    this.#entries.push(entry)
    this.#bytes += bytesOf(entry)
    this.#count += 1
    while (this.#kept > this.#maxEntries || (this.#bytes > this.#maxBytes && this.#kept > 1)) this.#dropOldest()
    if (this.#start * 2 < this.#entries.length) return
    this.#entries.splice(0, this.#start)
    this.#start = 0
  }

  /** Returns the entries that are kept, oldest first. */
  snapshot(): readonly TimelineEntry[] {
    return this.#entries.slice(this.#start)
  }

  get #kept(): number {
    return this.#entries.length - this.#start
  }

  #dropOldest(): void {
    const oldest = this.#entries[this.#start]
    this.#start += 1
    if (oldest !== undefined) this.#bytes -= bytesOf(oldest)
  }
}

function bytesOf(entry: TimelineEntry): number {
  return entry.kind === 'message' ? entry.sizeBytes : 0
}
