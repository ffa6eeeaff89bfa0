/** The boundary at which a channel calls foreign code: resolvers, policies, and the callbacks and timers of both. */
import type { Clock, ScheduledTimer } from '../../../wire/http2/http2.ts'
import { reasonOf } from './thrown.ts'

/** Receives the faults of foreign code, for the log. Must not throw. */
export type FaultListener = (fault: Error) => void

/** What an edge depends on. */
export interface GuardedEdgeParts {
  /** Name of the code, as the subject of a sentence: `the resolver of dns:///greeter.example`. */
  readonly name: string
  /** Receives each distinct fault once, and at most 20. */
  readonly report: FaultListener
  /** A callback or timer of the code has thrown. */
  readonly onCallbackFault?: (thrown: unknown) => void
}

/** Maximum of reported faults, so that code that fails with ever different messages does not fill the log. */
const MAX_REPORTS = 20

/**
 * Errors that the code throws or rejects with are reported, and affect only the operation that it was called for. Once the edge is closed,
 * no callback and no timer of the code runs.
 */
export class GuardedEdge {
  readonly #parts: GuardedEdgeParts
  readonly #timers = new Set<ScheduledTimer>()
  readonly #reported = new Set<string>()
  #isOpen = true

  constructor(parts: GuardedEdgeParts) {
    this.#parts = parts
  }

  /** Whether the owner still uses the code. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Runs a function and returns its result.
   *
   * @param onFault returns the result after a throw; also called when the function returns a promise, which nothing awaits, that rejects
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

  /** Returns a guarded callback to hand out. */
  wrap<Args extends readonly unknown[]>(callback: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      if (this.#isOpen)
        this.call(
          () => callback(...args),
          (thrown) => this.#parts.onCallbackFault?.(thrown),
        )
    }
  }

  /** Returns a guarded clock to hand out. */
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

  /** Reports a fault found in a value that the code returned. */
  report(thrown: unknown): void {
    const text = `${this.#parts.name} failed: ${reasonOf(thrown)}`
    if (this.#reported.has(text) || this.#reported.size === MAX_REPORTS) return
    this.#reported.add(text)
    this.#parts.report(new Error(text, { cause: thrown }))
  }

  /** Prevents all further callbacks and timers of the code. `call` still works. */
  close(): void {
    this.#isOpen = false
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
