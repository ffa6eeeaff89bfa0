/** Combines observers into one that cannot harm the calls they observe. */
import type { ConnectError } from '@connectrpc/connect'
import type {
  AttemptObservation,
  AttemptStart,
  CallEnd,
  CallObservation,
  CallObserver,
  CallStart,
  CallTrace,
  MessageObservation,
} from './call-observer.ts'
import type { EncodableField } from './http2/http2.ts'

/** Receives the errors that observers throw, or reject with. Must not throw. */
export type ObserverFault = (thrown: unknown) => void

/**
 * Combines observers, which are called in order. When one throws, `onFault` receives the error, and the observer gets no further events
 * of that call or attempt. The other observers and the call go on.
 *
 * @returns null without observers, so that calls need not report anything
 */
export function guardObservers(observers: readonly CallObserver[], onFault: ObserverFault): CallObserver | null {
  return observers.length === 0 ? null : new GuardedObserver(observers.slice(), onFault)
}

/** Calls several observers of the same kind, and contains their errors. */
abstract class Guarded<T> {
  /** Null in place of a follower that has thrown. */
  readonly #followers: (T | null)[]
  protected readonly onFault: ObserverFault

  constructor(followers: (T | null)[], onFault: ObserverFault) {
    this.#followers = followers
    this.onFault = onFault
  }

  /** Reports a step to each follower; one that throws is dropped. */
  protected report<A, B>(step: (follower: T, first: A, second: B) => unknown, first: A, second: B): void {
    const followers = this.#followers
    for (let at = 0; at < followers.length; at += 1) {
      const follower = followers[at]
      if (follower === null || follower === undefined) continue
      try {
        const returned = step(follower, first, second)
        if (returned !== undefined) Promise.resolve(returned).catch(this.onFault)
      } catch (thrown) {
        followers[at] = null
        this.onFault(thrown)
      }
    }
  }

  /** Collects the answers of all followers to a question, except null and undefined; null for none. */
  protected collect<A, R extends object>(
    question: (follower: T, argument: A) => R | null | undefined,
    argument: A,
  ): R[] | null {
    let answers: R[] | null = null
    for (const follower of this.#followers) {
      if (follower === null) continue
      try {
        const answer = question(follower, argument)
        if (isPromise(answer)) throw new TypeError('an observer returned a promise: it must answer synchronously')
        if (answer === null || answer === undefined) continue
        // Most often there is one; `push` would make room for 17.
        if (answers === null) answers = [answer]
        else answers.push(answer)
      } catch (thrown) {
        this.onFault(thrown)
      }
    }
    return answers
  }
}

class GuardedObserver extends Guarded<CallObserver> implements CallObserver {
  onStart(call: CallStart): CallObservation | null {
    const followers = this.collect(startCall, call)
    return followers === null ? null : new GuardedCall(followers, this.onFault)
  }
}

class GuardedCall extends Guarded<CallObservation> implements CallObservation {
  readonly trace: CallTrace | undefined

  constructor(followers: CallObservation[], onFault: ObserverFault) {
    super(followers, onFault)
    const trace = this.collect(traceOf, undefined)?.[0]
    this.trace = trace && new GuardedTrace(trace, onFault)
  }

  onSent(compressedBytes: number, bytes: number): void {
    this.report(sent, compressedBytes, bytes)
  }

  onReceived(compressedBytes: number, bytes: number): void {
    this.report(received, compressedBytes, bytes)
  }

  onResolved(delayMs: number): void {
    this.report(resolved, delayMs, undefined)
  }

  onAttempt(attempt: AttemptStart): AttemptObservation | null {
    const followers = this.collect(startAttempt, attempt)
    return followers === null ? null : new GuardedAttempt(followers, this.onFault)
  }

  onRetryDelay(delayMs: number): void {
    this.report(retryDelayed, delayMs, undefined)
  }

  onEnd(end: CallEnd): void {
    this.report(callEnded, end, undefined)
  }
}

/** Runs code of a call whether or not the context can be entered. */
class GuardedTrace implements CallTrace {
  readonly ids: CallTrace['ids']
  readonly isSampled: boolean
  readonly #trace: CallTrace
  readonly #onFault: ObserverFault

  constructor(trace: CallTrace, onFault: ObserverFault) {
    this.ids = trace.ids
    this.isSampled = trace.isSampled
    this.#trace = trace
    this.#onFault = onFault
  }

  get fields(): readonly EncodableField[] {
    try {
      return this.#trace.fields
    } catch (thrown) {
      this.#onFault(thrown)
      return []
    }
  }

  runInContext(run: () => void): void {
    let hasRun = false
    const once = () => {
      if (hasRun) return
      hasRun = true
      run()
    }
    try {
      this.#trace.runInContext(once)
    } catch (thrown) {
      this.#onFault(thrown)
    }
    once()
  }
}

class GuardedAttempt extends Guarded<AttemptObservation> implements AttemptObservation {
  get fields(): readonly EncodableField[] {
    return this.collect(fieldsOf, undefined)?.flat() ?? []
  }

  onPicked(peer: string, delayMs: number): void {
    this.report(picked, peer, delayMs)
  }

  onSent(compressedBytes: number, bytes: number): void {
    this.report(sent, compressedBytes, bytes)
  }

  onReceived(compressedBytes: number, bytes: number): void {
    this.report(received, compressedBytes, bytes)
  }

  onEnd(error: ConnectError | null): void {
    this.report(attemptEnded, error, undefined)
  }
}

// Constants, so that calls create no closures.
const startCall = (observer: CallObserver, call: CallStart) => observer.onStart(call)
const traceOf = (call: CallObservation) => call.trace
const sent = (to: MessageObservation, onWire: number, bytes: number) => to.onSent?.(onWire, bytes)
const received = (to: MessageObservation, onWire: number, bytes: number) => to.onReceived?.(onWire, bytes)
const resolved = (call: CallObservation, delayMs: number) => call.onResolved?.(delayMs)
const startAttempt = (call: CallObservation, attempt: AttemptStart) => call.onAttempt?.(attempt)
const retryDelayed = (call: CallObservation, delayMs: number) => call.onRetryDelay?.(delayMs)
const callEnded = (call: CallObservation, end: CallEnd) => call.onEnd(end)
const fieldsOf = (attempt: AttemptObservation) => attempt.fields
const picked = (attempt: AttemptObservation, peer: string, delayMs: number) => attempt.onPicked?.(peer, delayMs)
const attemptEnded = (attempt: AttemptObservation, error: ConnectError | null) => attempt.onEnd(error)

/** Whether the value is a promise, whose rejection is then ignored: returning one is the fault that is reported. */
function isPromise(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('then' in value) || typeof value.then !== 'function')
    return false
  Promise.resolve(value).catch(() => {})
  return true
}
