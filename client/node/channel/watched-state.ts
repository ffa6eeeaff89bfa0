/** The state of a channel, and those who wait for it to change. */
import { joinAbort, leaveAbort } from '../../../wire/abort-group.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'

/** What waits for a change. */
interface StateWatch {
  readonly from: ConnectivityState
  readonly resolve: () => void
}

/** IDLE at first. */
export class WatchedState {
  readonly #watches = new Set<StateWatch>()
  #current: ConnectivityState = 'IDLE'

  get current(): ConnectivityState {
    return this.#current
  }

  /** Returns false where that is the state already. */
  moveTo(state: ConnectivityState): boolean {
    if (this.#current === state) return false
    this.#current = state
    for (const watch of this.#watches) if (watch.from !== state) watch.resolve()
    return true
  }

  /**
   * Resolves when the state is another than `from`, perhaps at once. States that last for a moment may be passed by.
   *
   * @throws the reason of the signal, when it aborts first
   */
  async whenNot(from: ConnectivityState, signal?: AbortSignal): Promise<ConnectivityState> {
    signal?.throwIfAborted()
    if (this.#current !== from) return this.#current
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const watch: StateWatch = { from, resolve }
    const member = { abort: reject }
    this.#watches.add(watch)
    if (signal !== undefined) joinAbort(signal, member)
    try {
      await promise
      return this.#current
    } finally {
      this.#watches.delete(watch)
      if (signal !== undefined) leaveAbort(signal, member)
    }
  }
}
