/** Which process produces the messages of a topic: an entry of a key-value bucket, which its holder renews. */
import { randomUUID } from 'node:crypto'
import type { KV, KvEntry } from '@nats-io/kv'
import { isConflict } from './nats-topic-errors.ts'
import { topicToken } from './topic-stream.ts'

/** What an entry says. */
interface Lease {
  readonly owner: string
  readonly ttlMs: number
}

/** A lease of another process, as this one has seen it. */
interface Sighting {
  readonly revision: number
  readonly sinceMs: number
}

/** Sightings of topics that nobody wants any more are dropped beyond this number, the oldest first. */
const MAX_SIGHTINGS = 10_000

/**
 * Takes and renews leases by compare-and-set on the revision of their entry.
 *
 * No clocks are compared: a lease is over when its entry has not changed for its time, as measured by the process that wants it. That
 * takes up to twice the time, and holds whatever the clocks of the machines say.
 */
export class TopicLeads {
  readonly #owner = randomUUID()
  readonly #nowMs: () => number
  /** The revisions of the leases of this process. */
  readonly #held = new Map<string, number>()
  readonly #sightings = new Map<string, Sighting>()
  /** The last request for each topic, while there is one. */
  readonly #last = new Map<string, Promise<unknown>>()

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Takes or renews the lease of a topic. Returns whether this process has it. */
  lead(bucket: KV, topic: string, ttlMs: number): Promise<boolean> {
    return this.#inOrder(topic, () => this.#lead(bucket, topic, ttlMs))
  }

  /** Gives up the lease of a topic, if this process has it. */
  resign(bucket: KV, topic: string): Promise<void> {
    return this.#inOrder(topic, () => this.#resign(bucket, topic))
  }

  async #lead(bucket: KV, topic: string, ttlMs: number): Promise<boolean> {
    const held = this.#held.get(topic)
    if (held !== undefined && (await this.#put(bucket, topic, { ttlMs, revision: held }))) return true
    const entry = await bucket.get(topicToken(topic))
    if (entry !== null && !this.#isOver(topic, entry)) return false
    return this.#put(bucket, topic, { ttlMs, revision: entry?.revision ?? 0 })
  }

  async #resign(bucket: KV, topic: string): Promise<void> {
    const held = this.#held.get(topic)
    this.#held.delete(topic)
    this.#sightings.delete(topic)
    if (held !== undefined) await bucket.delete(topicToken(topic), { previousSeq: held })
  }

  /** Runs what concerns a topic one after the other, so that a lease is not taken after it was given up. */
  #inOrder<T>(topic: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(topic) ?? Promise.resolve()).then(work, work)
    this.#last.set(topic, done)
    const forget = () => {
      if (this.#last.get(topic) === done) this.#last.delete(topic)
    }
    done.then(forget, forget)
    return done
  }

  async #put(bucket: KV, topic: string, { ttlMs, revision }: { ttlMs: number; revision: number }): Promise<boolean> {
    const lease: Lease = { owner: this.#owner, ttlMs }
    try {
      this.#held.set(topic, await bucket.put(topicToken(topic), JSON.stringify(lease), { previousSeq: revision }))
      this.#sightings.delete(topic)
      return true
    } catch (cause) {
      this.#held.delete(topic)
      if (isConflict(cause)) return false
      throw cause
    }
  }

  /** Whether the lease of an entry has ended: its holder gave it up, or has not renewed it in its time. */
  #isOver(topic: string, entry: KvEntry): boolean {
    const lease = leaseOf(entry)
    // A renewal without an answer may have arrived.
    if (lease === null || lease.owner === this.#owner) return true
    const seen = this.#sightings.get(topic)
    if (seen?.revision === entry.revision) return this.#nowMs() - seen.sinceMs >= lease.ttlMs
    this.#sightings.delete(topic)
    this.#sightings.set(topic, { revision: entry.revision, sinceMs: this.#nowMs() })
    const [oldest] = this.#sightings.keys()
    if (this.#sightings.size > MAX_SIGHTINGS && oldest !== undefined) this.#sightings.delete(oldest)
    return false
  }
}

/** Returns null if the lease was given up, or is not one. */
function leaseOf(entry: KvEntry): Lease | null {
  if (entry.operation !== 'PUT') return null
  try {
    const { owner, ttlMs } = entry.json<Partial<Lease>>()
    return typeof owner === 'string' && typeof ttlMs === 'number' ? { owner, ttlMs } : null
  } catch {
    return null
  }
}
