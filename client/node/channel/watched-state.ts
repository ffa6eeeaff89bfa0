/** The state of a channel, and the watchers of its changes. */
import { joinAbort, leaveAbort } from '../../../wire/abort-group.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'

/** A watcher of one change. */
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

  /** Changes the state. Returns false if it is the same. */
  moveTo(state: ConnectivityState): boolean {
    if (this.#current === state) return false
    this.#current = state
    for (const watch of this.#watches) if (watch.from !== state) watch.resolve()
    return true
  }

  /**
   * Resolves when the state differs from `from`, possibly immediately. May miss states that last only a moment.
   *
   * @throws the reason of the signal if it aborts first
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
