/** The observers of a port, from all of its plugins. */
import type { CallObserver } from '../../wire/call-observer.ts'
import { guardObservers, type ObserverFault } from '../../wire/guard-observers.ts'

/** Filled before the port opens. */
export class ObserverList {
  readonly #observers = new Set<CallObserver>()
  /** Calls all observers in order; null without observers. Only `add` changes it. */
  guarded: CallObserver | null = null

  /** Whether a test holds for one of the observers. */
  some(holds: (observer: CallObserver) => boolean): boolean {
    return [...this.#observers].some(holds)
  }

  /** Adds observers. One that was added before is not called twice. */
  add(observers: Iterable<CallObserver>, onFault: ObserverFault): void {
    for (const observer of observers) this.#observers.add(observer)
    this.guarded = guardObservers([...this.#observers], onFault)
  }
}
