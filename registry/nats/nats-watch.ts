/** Follows the entries of one service. */
import type { KvEntry } from '@nats-io/kv'
import type { Endpoint } from '../../client/node/contracts/endpoint.ts'
import type { Clock, ScheduledTimer } from '../../wire/http2/http2.ts'
import { isMissingBucket, type NatsBucket } from './nats-bucket.ts'
import type { NatsInstances } from './nats-instances.ts'
import { serviceKeys } from './nats-layout.ts'

/** What to follow. */
export interface InstanceWatch {
  readonly service: string
  /** Kept from one watch to the next. */
  readonly instances: NatsInstances
  readonly clock: Clock
  readonly onEndpoints: (endpoints: readonly Endpoint[]) => void
}

/** Follows a service until the connection is closed or lost; then it resolves, or rejects. */
export async function watchInstances(bucket: NatsBucket, watch: InstanceWatch): Promise<void> {
  await new NatsWatch(bucket, watch).run()
}

class NatsWatch {
  readonly #bucket: NatsBucket
  readonly #watch: InstanceWatch
  #timer: ScheduledTimer | null = null
  /** Whether all entries that were there at first have been read. */
  #isComplete = false

  constructor(bucket: NatsBucket, watch: InstanceWatch) {
    this.#bucket = bucket
    this.#watch = watch
  }

  async run(): Promise<void> {
    const { service, instances, clock } = this.#watch
    const { connection, entries } = this.#bucket
    const { count, nowMs } = await this.#look()
    instances.renew(clock.now())
    const updates = await entries.watch({ key: serviceKeys(service) })
    void connection.closed().then(() => updates.stop())
    try {
      if (count === 0) this.#complete()
      for await (const entry of updates) {
        this.#apply(entry, entry.isUpdate ? 0 : Math.max(0, nowMs - entry.created.getTime()))
        if (entry.isUpdate || entry.delta === 0) this.#complete()
      }
    } finally {
      this.#timer?.cancel()
    }
  }

  /** Returns how many entries there are, and what time it is for NATS. */
  async #look(): Promise<{ count: number; nowMs: number }> {
    const { manager, stream, subject } = this.#bucket
    try {
      const filter = subject(serviceKeys(this.#watch.service))
      const { state, ts = '' } = await manager.streams.info(stream, { subjects_filter: filter })
      return { count: Object.keys(state.subjects ?? {}).length, nowMs: Date.parse(ts) || 0 }
    } catch (cause) {
      throw isMissingBucket(cause) ? new Error('the bucket does not exist: no server has registered yet') : cause
    }
  }

  #apply(entry: KvEntry, ageMs: number): void {
    const { instances, clock } = this.#watch
    const { key, revision } = entry
    const isChanged =
      entry.operation === 'PUT'
        ? instances.put({ key, revision, value: entry.string(), ageMs }, clock.now())
        : instances.remove(key)
    if (isChanged && this.#isComplete) this.#tell()
    this.#schedule()
  }

  #complete(): void {
    if (this.#isComplete) return
    this.#isComplete = true
    this.#tell()
    this.#schedule()
  }

  #tell(): void {
    this.#watch.onEndpoints(this.#watch.instances.endpoints())
  }

  /** Times only become later, so that a timer that is set need not be set again. */
  #schedule(): void {
    const { instances, clock } = this.#watch
    if (this.#timer !== null || instances.nextExpiryMs === Number.POSITIVE_INFINITY) return
    const waitMs = Math.max(0, instances.nextExpiryMs - clock.now())
    this.#timer = clock.schedule(() => {
      this.#timer = null
      void this.#expire()
    }, waitMs)
  }

  /** Asks NATS before it drops instances, as NATS may be away, or the watch may miss updates. Never rejects. */
  async #expire(): Promise<void> {
    const { instances, clock } = this.#watch
    const { connection, entries } = this.#bucket
    let isChanged = false
    try {
      for (const { key, revision } of instances.expired(clock.now())) {
        const entry = await entries.get(key)
        // The watch may have reported it meanwhile.
        if (!instances.isAt(key, revision)) continue
        if (entry?.operation === 'PUT' && entry.revision > revision) throw new Error('the watch is behind')
        isChanged = instances.remove(key) || isChanged
      }
    } catch {
      // The watch starts again.
      await connection.close()
      return
    }
    if (connection.isClosed()) return
    if (isChanged) this.#tell()
    this.#schedule()
  }
}
