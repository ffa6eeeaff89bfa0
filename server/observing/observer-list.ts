/** The observers of a port, of all the plugins on it. */
import type { CallObserver } from '../../wire/call-observer.ts'
import { guardObservers, type ObserverFault } from '../../wire/guard-observers.ts'

/** Filled before the port opens. */
export class ObserverList {
  readonly #observers = new Set<CallObserver>()
  /** Calls all observers in the order in which they were added; null without observers. Only `add` sets it. */
  guarded: CallObserver | null = null

  /** Adds observers; one that is there already is not called twice. */
  add(observers: Iterable<CallObserver>, onFault: ObserverFault): void {
    for (const observer of observers) this.#observers.add(observer)
    this.guarded = guardObservers([...this.#observers], onFault)
  }
}
