/** Keeps an entry that a registry expects to be renewed, and that can say that its instance does not serve. */
import type { Clock } from '../../wire/http2/http2.ts'
import type { RegistrarContext, Registration, ServiceInstance } from '../contracts/registrar.ts'
import { pause } from '../time/pause.ts'
import { KeptRegistration } from './kept-registration.ts'

/** The entry of one instance. Its functions reject if the registry does not do what they say, or if the signal aborts. */
export interface RenewedEntry {
  /** The name of the registry, for logs: `consul`. */
  readonly registry: string
  /** The interval between renewals. */
  readonly renewMs: number
  /** Creates the entry, or replaces it. */
  put(isServing: boolean, signal: AbortSignal): Promise<void>
  /** Renews the entry. Rejects if the registry does not have it any more; it is then created again. */
  renew(isServing: boolean, signal: AbortSignal): Promise<void>
  /** Removes the entry, if it exists. */
  remove(signal: AbortSignal): Promise<void>
}

/** The time that a request on its way gets before the entry is removed, as the registry could carry it out after the removal. */
const GRACE_MS = 1_000

/** A {@link Registration} whose entry stays while its instance does not serve, and says so. */
export class RenewedRegistration implements Registration {
  readonly #entry: RenewedEntry
  readonly #clock: Clock
  readonly #kept: KeptRegistration
  #isServing = true
  /** Ends the wait for the next renewal. */
  #wake = () => {}

  constructor(entry: RenewedEntry, instance: ServiceInstance, context: RegistrarContext) {
    this.#entry = entry
    this.#clock = context.clock
    const hold = {
      registry: entry.registry,
      hold: (onRegistered: () => void, signal: AbortSignal) => this.#hold(onRegistered, signal),
      release: (signal: AbortSignal) => entry.remove(signal),
    }
    this.#kept = new KeptRegistration(hold, instance, context)
  }

  get isRegistered(): boolean {
    return this.#kept.isRegistered
  }

  setServing(isServing: boolean): void {
    if (isServing === this.#isServing) return
    this.#isServing = isServing
    this.#wake()
  }

  deregister(timeoutMs: number): Promise<void> {
    return this.#kept.deregister(timeoutMs)
  }

  async #hold(onRegistered: () => void, signal: AbortSignal): Promise<void> {
    const late = new LateSignal(this.#clock, signal)
    try {
      let told = this.#isServing
      await this.#entry.put(told, late.signal)
      onRegistered()
      while (!signal.aborted) {
        if (told === this.#isServing) await this.#pause(signal)
        if (signal.aborted) return
        told = this.#isServing
        await this.#entry.renew(told, late.signal)
      }
    } finally {
      late.close()
    }
  }

  /** Resolves when the next renewal is due. */
  #pause(signal: AbortSignal): Promise<void> {
    return pause(this.#clock, this.#entry.renewMs, signal, (wake) => {
      this.#wake = wake
    })
  }
}

/** A signal that aborts a moment after another. */
class LateSignal {
  readonly #abort = new AbortController()
  readonly #source: AbortSignal
  readonly #onAbort: () => void
  #cancel = () => {}

  constructor(clock: Clock, source: AbortSignal) {
    this.#source = source
    this.#onAbort = () => {
      const timer = clock.schedule(() => this.#abort.abort(), GRACE_MS)
      this.#cancel = () => timer.cancel()
    }
    source.addEventListener('abort', this.#onAbort)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  close(): void {
    this.#source.removeEventListener('abort', this.#onAbort)
    this.#cancel()
  }
}
