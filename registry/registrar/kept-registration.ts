/** Keeps one instance registered: registers again with a backoff, follows its health, and removes it at the end. */
import { type Backoff, backoffDelayMs, DEFAULT_BACKOFF } from '../../client/core/backoff.ts'
import { addressText } from '../../client/node/contracts/endpoint.ts'
import type { RegistrarContext, Registration, ServiceInstance } from '../contracts/registrar.ts'
import { pause } from '../time/pause.ts'

/** What a registry does for an instance. */
export interface RegistryHold {
  /** The name of the registry, for logs: `etcd`. */
  readonly registry: string
  /**
   * Registers the instance and keeps it registered until the signal aborts; then it resolves or rejects soon. Calls `onRegistered` once the
   * registry has the instance. Rejects when that is not possible, or no longer so; it is then called again after a backoff.
   */
  hold(onRegistered: () => void, signal: AbortSignal): Promise<void>
  /**
   * Removes the instance, after `hold` has ended, also if its last attempt may have been carried out without an answer. Does nothing if there
   * is nothing to remove. Rejects if that is not possible before the signal aborts. It is then called again if there is time.
   */
  release(signal: AbortSignal): Promise<void>
  /** Closes connections, after the last release. Never rejects. Default: nothing to close. */
  close?(): Promise<void>
}

/** Few and short, as a drain waits for them. */
const RELEASE_BACKOFF: Backoff = Object.freeze({ initialMs: 250, maxMs: 1_000, multiplier: 2, jitter: 0.2 })
const RELEASE_ATTEMPTS = 3

/** The longest time to remove an instance that stops serving; after that it expires. */
const RELEASE_TIMEOUT_MS = 5_000

/** A {@link Registration} for registries that have no mark for "not serving": the instance is removed until it serves again. */
export class KeptRegistration implements Registration {
  readonly #hold: RegistryHold
  readonly #context: RegistrarContext
  readonly #fields: object
  #isServing = false
  #isClosed = false
  #isRegistered = false
  /** Whether the log says that the instance is not registered though it should be. */
  #isMissed = false
  #wasRegistered = false
  #abort = new AbortController()
  /** Settles when the current hold and its release are over. Never rejects. */
  #work: Promise<void> = Promise.resolve()
  /** Settles when everything is over; null before `deregister`. */
  #closed: Promise<void> | null = null

  constructor(hold: RegistryHold, instance: ServiceInstance, context: RegistrarContext) {
    this.#hold = hold
    this.#context = context
    const { service, id, host, port } = instance
    this.#fields = Object.freeze({ registry: hold.registry, service, id, address: addressText({ host, port }) })
    this.setServing(true)
  }

  get isRegistered(): boolean {
    return this.#isRegistered
  }

  setServing(isServing: boolean): void {
    if (this.#isClosed || isServing === this.#isServing) return
    this.#isServing = isServing
    if (isServing) this.#start()
    else this.#stop(RELEASE_TIMEOUT_MS)
  }

  async deregister(timeoutMs: number): Promise<void> {
    const wasServing = this.#isServing
    this.#isServing = false
    this.#isClosed = true
    if (wasServing) this.#stop(timeoutMs)
    this.#closed ??= this.#work.then(() => this.#hold.close?.())
    await this.#within(timeoutMs, this.#closed)
  }

  #start(): void {
    const abort = new AbortController()
    this.#abort = abort
    this.#work = this.#work.then(() => this.#keep(abort.signal))
  }

  #stop(timeoutMs: number): void {
    this.#abort.abort()
    this.#work = this.#work.then(() => this.#release(timeoutMs))
  }

  /** Resolves once the signal has aborted. */
  async #keep(signal: AbortSignal): Promise<void> {
    let failures = 0
    const onRegistered = () => {
      failures = 0
      if (!signal.aborted) this.#registered()
    }
    while (!signal.aborted) {
      const cause = await this.#hold.hold(onRegistered, signal).catch((error: unknown) => error)
      if (signal.aborted) return
      this.#missed(cause)
      failures += 1
      const { clock, random } = this.#context
      await pause(clock, backoffDelayMs(DEFAULT_BACKOFF, failures, random), signal)
    }
  }

  async #release(timeoutMs: number): Promise<void> {
    const abort = new AbortController()
    const timer = this.#context.clock.schedule(() => abort.abort(), timeoutMs)
    this.#isRegistered = false
    try {
      await this.#releaseInTime(abort.signal)
      if (this.#wasRegistered) this.#context.log.info(this.#fields, 'deregistered')
    } catch (err) {
      const message = 'could not be deregistered; it stays until it expires or is removed'
      this.#context.log.warn({ ...this.#fields, err }, message)
    } finally {
      timer.cancel()
    }
  }

  /** A registry that is busy for a moment must not keep an entry that, as in Kubernetes, would never expire. */
  async #releaseInTime(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#context
    for (let failures = 1; failures < RELEASE_ATTEMPTS; failures++) {
      try {
        return await this.#hold.release(signal)
      } catch (error) {
        await pause(clock, backoffDelayMs(RELEASE_BACKOFF, failures, random), signal)
        if (signal.aborted) throw error
      }
    }
    return this.#hold.release(signal)
  }

  #registered(): void {
    this.#isRegistered = true
    this.#isMissed = false
    this.#context.log.info(this.#fields, this.#wasRegistered ? 'registered again' : 'registered')
    this.#wasRegistered = true
  }

  #missed(err: unknown): void {
    this.#isRegistered = false
    if (this.#isMissed) return
    this.#isMissed = true
    const message = this.#wasRegistered ? 'registration lost; registering again' : 'not registered yet; trying again'
    this.#context.log.warn({ ...this.#fields, err }, message)
  }

  async #within(timeoutMs: number, work: Promise<void>): Promise<void> {
    const { promise: timeUp, resolve } = Promise.withResolvers<void>()
    const timer = this.#context.clock.schedule(resolve, timeoutMs)
    await Promise.race([work, timeUp])
    timer.cancel()
  }
}
