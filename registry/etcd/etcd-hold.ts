/** Keeps one instance in etcd: an entry with a lease, renewed until it is lost. */
import type { RegistrarContext, ServiceInstance } from '../contracts/registrar.ts'
import type { RegistryHold } from '../registrar/kept-registration.ts'
import { pause } from '../time/pause.ts'
import { EtcdClient } from './etcd-client.ts'
import { instanceKey, instanceValue } from './etcd-layout.ts'
import type { ResolvedEtcdRegistrarOptions } from './etcd-options.ts'

/** Renewals per time to live, so that two of them may fail. */
const RENEWALS = 3

/** The wait after a renewal that failed, while the lease lives. */
const RETRY_MS = 500

/** The most leases to revoke. Older ones have expired during the backoffs between so many attempts. */
const MAX_LEASES = 10

/** A lease that etcd has granted. */
interface HeldLease {
  readonly id: bigint
  readonly ttlMs: number
}

/** The entry must be written again. */
class LostEntry extends Error {}

/** The entry of one instance. */
export class EtcdHold implements RegistryHold {
  readonly registry = 'etcd'
  readonly #options: ResolvedEtcdRegistrarOptions
  readonly #context: RegistrarContext
  readonly #client: EtcdClient
  readonly #key: Uint8Array<ArrayBuffer>
  readonly #value: Uint8Array<ArrayBuffer>
  /** The leases that the entry may have: that of the last write with an answer, and those of the attempts since. */
  #leases: readonly bigint[] = []

  constructor(instance: ServiceInstance, options: ResolvedEtcdRegistrarOptions, context: RegistrarContext) {
    this.#options = options
    this.#context = context
    this.#client = new EtcdClient(options, context.clock)
    this.#key = instanceKey(instance)
    this.#value = instanceValue(instance)
  }

  async hold(onRegistered: () => void, signal: AbortSignal): Promise<void> {
    const grantedAtMs = this.#context.clock.now()
    const lease = await this.#client.grant(this.#options.ttlMs, signal)
    this.#leases = [...this.#leases, lease.id].slice(-MAX_LEASES)
    await this.#client.put(this.#key, this.#value, lease.id, signal)
    this.#leases = [lease.id]
    onRegistered()
    await this.#renew(lease, grantedAtMs + lease.ttlMs, signal)
  }

  async release(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#leases.map((lease) => this.#client.revoke(lease, signal)))
    this.#leases = []
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** Renews the lease until it is lost. Failures count only once its time is over, as a cluster may be away for a moment. */
  async #renew({ id, ttlMs }: HeldLease, firstDeadlineMs: number, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#context
    let deadlineMs = firstDeadlineMs
    let waitMs = ttlMs / RENEWALS
    for (;;) {
      await pause(clock, waitMs, signal)
      signal.throwIfAborted()
      const sentAtMs = clock.now()
      try {
        deadlineMs = sentAtMs + (await this.#renewOnce(id, signal))
        waitMs = ttlMs / RENEWALS
      } catch (error) {
        if (signal.aborted || error instanceof LostEntry || clock.now() >= deadlineMs) throw error
        waitMs = RETRY_MS * (0.5 + random())
      }
    }
  }

  /** An entry that somebody has removed, or written for another instance, is not renewed with its lease. */
  async #renewOnce(lease: bigint, signal: AbortSignal): Promise<number> {
    const leftMs = await this.#client.keepAlive(lease, signal)
    if (leftMs <= 0) throw new LostEntry('the lease has expired')
    // Not only the key: etcd 3.7 would leave out the lease.
    const { kvs } = await this.#client.range({ key: this.#key }, signal)
    if (kvs[0]?.lease !== lease) throw new LostEntry('the entry was removed or replaced')
    return leftMs
  }
}
