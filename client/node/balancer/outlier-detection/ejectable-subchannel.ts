/** A subchannel that can be said to be unhealthy while its connection stays. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { CallCounter } from '../../contracts/call-counter.ts'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import { type Address, addressText } from '../../contracts/endpoint.ts'
import type {
  StandingListener,
  StandingRequest,
  Subchannel,
  SubchannelChange,
  SubchannelConnection,
  SubchannelListener,
} from '../../contracts/subchannel.ts'

/** One who watches the health, and what would be told were it not for the ejection. */
interface HealthWatch {
  readonly listener: SubchannelListener
  latest: SubchannelChange | null
}

/** Passes everything on but for `watchHealth`. */
export class EjectableSubchannel implements Subchannel {
  readonly #inner: Subchannel
  readonly #onShutdown: (subchannel: EjectableSubchannel) => void
  readonly #watches = new Set<HealthWatch>()
  #isEjected = false

  constructor(inner: Subchannel, onShutdown: (subchannel: EjectableSubchannel) => void) {
    this.#inner = inner
    this.#onShutdown = onShutdown
  }

  get address(): Address {
    return this.#inner.address
  }

  get calls(): CallCounter {
    return this.#inner.calls
  }

  get state(): ConnectivityState {
    return this.#inner.state
  }

  get lastError(): ConnectError | undefined {
    return this.#inner.lastError
  }

  get connection(): SubchannelConnection | null {
    return this.#inner.connection
  }

  connect(): void {
    this.#inner.connect()
  }

  resetBackoff(): void {
    this.#inner.resetBackoff()
  }

  watch(listener: SubchannelListener): () => void {
    return this.#inner.watch(listener)
  }

  watchHealth(listener: SubchannelListener): () => void {
    const watch: HealthWatch = { listener, latest: null }
    this.#watches.add(watch)
    const stop = this.#inner.watchHealth((change) => {
      watch.latest = change
      listener(this.#isEjected ? this.#ejection() : change)
    })
    return () => {
      this.#watches.delete(watch)
      stop()
    }
  }

  keepStream(request: StandingRequest, listener: StandingListener): () => void {
    return this.#inner.keepStream(request, listener)
  }

  shutdown(): void {
    this.#watches.clear()
    this.#onShutdown(this)
    this.#inner.shutdown()
  }

  /** Whoever watches is told in a microtask, what holds then. */
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
