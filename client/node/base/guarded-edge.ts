/** Where a channel calls code that is not its own: resolvers, policies, and the callbacks and timers of both. */
import type { Clock, ScheduledTimer } from '../../../wire/http2/http2.ts'
import { reasonOf } from './thrown.ts'

/** Receives what went wrong in code that is not ours, for the log. Must not throw. */
export type FaultListener = (fault: Error) => void

/** What an edge works with. */
export interface GuardedEdgeParts {
  /** What is called, as the subject of a sentence: `the resolver of dns:///greeter.example`. */
  readonly name: string
  /** Receives each fault once, however often it comes again, and no more than 20 of them. */
  readonly report: FaultListener
  /** A callback or a timer of that code has thrown, where nobody waits for what it returns. */
  readonly onCallbackFault?: (thrown: unknown) => void
}

/** So that code that fails in ever new words does not fill the log. */
const MAX_REPORTS = 20

/**
 * Whatever that code throws, or rejects with, is reported and ends only what it was called for. Once the edge is closed no
 * callback and no timer of that code runs any more.
 */
export class GuardedEdge {
  readonly #parts: GuardedEdgeParts
  readonly #timers = new Set<ScheduledTimer>()
  readonly #reported = new Set<string>()
  #isOpen = true

  constructor(parts: GuardedEdgeParts) {
    this.#parts = parts
  }

  /** False: the owner has no use for that code any more. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Runs it and returns what it returns.
   *
   * @param onFault what to return instead after a throw. Also called when it returns a promise, which nobody waits for, and that
   * rejects.
   */
  call<T>(run: () => T, onFault: (thrown: unknown) => T): T {
    const fail = (thrown: unknown): T => {
      this.report(thrown)
      return onFault(thrown)
    }
    try {
      const result: unknown = run()
      if (isThenable(result)) result.then(undefined, fail)
      return result as T
    } catch (thrown) {
      return fail(thrown)
    }
  }

  /** The same callback for handing out. */
  wrap<Args extends readonly unknown[]>(callback: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      if (this.#isOpen)
        this.call(
          () => callback(...args),
          (thrown) => this.#parts.onCallbackFault?.(thrown),
        )
    }
  }

  /** The same clock for handing out. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      schedule: (callback, delayMs) => {
        const run = this.wrap(callback)
        const timer = clock.schedule(() => {
          this.#timers.delete(timer)
          run()
        }, delayMs)
        this.#timers.add(timer)
        return {
          cancel: () => {
            this.#timers.delete(timer)
            timer.cancel()
          },
        }
      },
    }
  }

  /** Tells of a fault that was found in what that code returned. */
  report(thrown: unknown): void {
    const text = `${this.#parts.name} failed: ${reasonOf(thrown)}`
    if (this.#reported.has(text) || this.#reported.size === MAX_REPORTS) return
    this.#reported.add(text)
    this.#parts.report(new Error(text, { cause: thrown }))
  }

  /** Nothing of that code is called any more, but for what `call` runs. */
  close(): void {
    this.#isOpen = false
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
