/** Keeps one instance in a bucket: an entry that is written again before it expires. */
import type { RegistrarContext, ServiceInstance } from '../contracts/registrar.ts'
import type { RegistryHold } from '../registrar/kept-registration.ts'
import { pause } from '../time/pause.ts'
import { type NatsBucket, openNatsBucket } from './nats-bucket.ts'
import { instanceKey, instanceValue } from './nats-layout.ts'
import type { ResolvedNatsRegistrarOptions } from './nats-options.ts'

/** Writes per time to live, so that two of them may come late. */
const WRITES = 3

/** The entry of one instance. */
export class NatsHold implements RegistryHold {
  readonly registry = 'nats'
  readonly #instance: ServiceInstance
  readonly #options: ResolvedNatsRegistrarOptions
  readonly #context: RegistrarContext
  readonly #key: string
  #bucket: NatsBucket | null = null
  /** Whether the bucket may have the entry. */
  #isWritten = false

  constructor(instance: ServiceInstance, options: ResolvedNatsRegistrarOptions, context: RegistrarContext) {
    this.#instance = instance
    this.#options = options
    this.#context = context
    this.#key = instanceKey(instance)
  }

  async hold(onRegistered: () => void, signal: AbortSignal): Promise<void> {
    try {
      await this.#keep(onRegistered, signal)
    } catch (cause) {
      if (!signal.aborted) await this.#close()
      throw cause
    }
  }

  async release(signal: AbortSignal): Promise<void> {
    const stop = () => void this.#close()
    signal.addEventListener('abort', stop, { once: true })
    try {
      if (!this.#isWritten) return
      const { entries } = await this.#open()
      signal.throwIfAborted()
      await entries.delete(this.#key)
      this.#isWritten = false
    } finally {
      signal.removeEventListener('abort', stop)
      await this.#close()
    }
  }

  async #keep(onRegistered: () => void, signal: AbortSignal): Promise<void> {
    const { connection, entries } = await this.#open()
    if (signal.aborted) return
    const ttlMs = Math.min(this.#options.ttlMs, (await entries.status()).ttl || this.#options.ttlMs)
    const value = instanceValue(this.#instance, ttlMs)
    this.#isWritten = true
    let revision = await entries.put(this.#key, value)
    onRegistered()
    let wake = () => {}
    void connection.closed().then(() => wake())
    for (;;) {
      await pause(this.#context.clock, ttlMs / WRITES, signal, (wakeNow) => {
        wake = wakeNow
        if (connection.isClosed()) wake()
      })
      if (signal.aborted) return
      if (connection.isClosed()) throw new Error('the connection was lost')
      // Refused if somebody has removed or replaced the entry, which then was lost for a while.
      revision = await entries.put(this.#key, value, { previousSeq: revision })
    }
  }

  async #open(): Promise<NatsBucket> {
    if (this.#bucket === null || this.#bucket.connection.isClosed()) {
      const { ttlMs, replicas } = this.#options
      this.#bucket = await openNatsBucket(this.#options, { ttlMs, replicas })
    }
    return this.#bucket
  }

  async #close(): Promise<void> {
    const bucket = this.#bucket
    this.#bucket = null
    await bucket?.connection.close()
  }
}
