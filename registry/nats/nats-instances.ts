/** The instances of one service, as the bucket reports them, until they expire. */
import type { Endpoint } from '../../client/node/contracts/endpoint.ts'
import type { InvalidEntry } from '../resolver/invalid-entries.ts'
import { type NatsInstance, readInstance } from './nats-layout.ts'

/** The most instances of a service; more are ignored. */
const MAX_INSTANCES = 10_000

/** An entry of the bucket. */
export interface NatsEntry {
  readonly key: string
  readonly value: string
  readonly revision: number
  /** How long ago it was written, in milliseconds, by the clock of NATS. */
  readonly ageMs: number
}

interface Known extends NatsInstance {
  readonly value: string
  revision: number
  expiresAtMs: number
}

/**
 * A list that follows the entries. An instance of a server that crashed is gone after its time, whether or not the bucket reports that:
 * a bucket only does if it was made to, and from version 2.11 on.
 */
export class NatsInstances {
  readonly #report: (entry: InvalidEntry) => void
  readonly #known = new Map<string, Known>()

  constructor(report: (entry: InvalidEntry) => void) {
    this.#report = report
  }

  /** Takes an entry. Returns whether the endpoints have changed. */
  put({ key, value, revision, ageMs }: NatsEntry, nowMs: number): boolean {
    const known = this.#known.get(key)
    if (known !== undefined && known.value === value) {
      known.revision = revision
      known.expiresAtMs = Math.max(known.expiresAtMs, nowMs + known.ttlMs - ageMs)
      return false
    }
    const instance = readInstance(value)
    if (typeof instance === 'string') {
      this.#report({ key, reason: instance })
      return this.#known.delete(key)
    }
    if (known === undefined && (ageMs >= instance.ttlMs || this.#known.size >= MAX_INSTANCES)) return false
    this.#known.set(key, { ...instance, value, revision, expiresAtMs: nowMs + instance.ttlMs - ageMs })
    return true
  }

  /** Takes the removal of an entry. Returns whether there was one. */
  remove(key: string): boolean {
    return this.#known.delete(key)
  }

  /** Whether an instance is there, with the revision of its last write. */
  isAt(key: string, revision: number): boolean {
    return this.#known.get(key)?.revision === revision
  }

  /** Gives all instances their whole time again: nothing was heard of them while NATS was away. */
  renew(nowMs: number): void {
    for (const known of this.#known.values()) known.expiresAtMs = nowMs + known.ttlMs
  }

  /** When the first instance expires, in milliseconds; Infinity if there is none. */
  get nextExpiryMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { expiresAtMs } of this.#known.values()) next = Math.min(next, expiresAtMs)
    return next
  }

  /** Returns the keys and revisions of those that have expired. */
  expired(nowMs: number): { key: string; revision: number }[] {
    return [...this.#known]
      .filter(([, { expiresAtMs }]) => expiresAtMs <= nowMs)
      .map(([key, { revision }]) => ({ key, revision }))
  }

  /** Returns the endpoints, the latest last: of several entries for one address the last counts. */
  endpoints(): Endpoint[] {
    const sorted = [...this.#known.values()].sort((a, b) => a.revision - b.revision)
    return sorted.map(({ endpoint }) => endpoint)
  }
}
