/** A subchannel that can be marked unhealthy while its connection stays. */
import { Code, ConnectError } from '@connectrpc/connect'
import { addressText } from '../../contracts/endpoint.ts'
import type { Subchannel, SubchannelChange, SubchannelListener } from '../../contracts/subchannel.ts'
import { SubchannelWrapper } from '../parts/subchannel-wrapper.ts'

/** A listener of the health, and the health without the ejection. */
interface HealthWatch {
  readonly listener: SubchannelListener
  latest: SubchannelChange | null
}

/** Delegates everything but `watchHealth`. */
export class EjectableSubchannel extends SubchannelWrapper {
  readonly #onShutdown: (subchannel: EjectableSubchannel) => void
  readonly #watches = new Set<HealthWatch>()
  #isEjected = false

  constructor(inner: Subchannel, onShutdown: (subchannel: EjectableSubchannel) => void) {
    super(inner)
    this.#onShutdown = onShutdown
  }

  override watchHealth(listener: SubchannelListener): () => void {
    const watch: HealthWatch = { listener, latest: null }
    this.#watches.add(watch)
    const stop = super.watchHealth((change) => {
      watch.latest = change
      listener(this.#isEjected ? this.#ejection() : change)
    })
    return () => {
      this.#watches.delete(watch)
      stop()
    }
  }

  override shutdown(): void {
    this.#watches.clear()
    this.#onShutdown(this)
    super.shutdown()
  }

  /** Sets the ejection. Listeners are called in a microtask, with the health at that time. */
  setEjected(isEjected: boolean): void {
    if (this.#isEjected === isEjected) return
    this.#isEjected = isEjected
    for (const watch of this.#watches) queueMicrotask(() => this.#tell(watch))
  }

  #tell(watch: HealthWatch): void {
    if (!this.#watches.has(watch) || watch.latest === null) return
    watch.listener(this.#isEjected ? this.#ejection() : watch.latest)
  }

  #ejection(): SubchannelChange {
    const message = `${addressText(this.address)} is ejected: too many of its calls have failed`
    return { state: 'TRANSIENT_FAILURE', error: new ConnectError(message, Code.Unavailable) }
  }
}
