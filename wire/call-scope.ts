/**
 * The call that a handler is serving, from which its outgoing calls inherit deadline and cancellation. The server sets it, and
 * propagating transports read it. Scopes cost nothing until the first such transport exists.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallTrace } from './call-observer.ts'

/** What outgoing calls take over from the call being handled. */
export interface Inheritance {
  /** The remaining time, and the cancellation. */
  readonly deadline: boolean
  /** The caller's `traceparent` and `tracestate`. */
  readonly traceparent: boolean
  readonly baggage: boolean
  /** Request headers whose names begin with one of these, in lower case. */
  readonly metadataPrefixes: readonly string[]
}

/** A call that is being handled, as seen by the calls that its handler makes. */
export interface CallScope {
  /** Whether the handler has returned. Work that it left running, such as a timer, inherits nothing any more. */
  readonly isHandled: boolean
  /** Aborted when the call ends: cancelled, timed out, or answered. */
  readonly signal: AbortSignal
  /** The metadata of the call as received. */
  readonly requestHeader: Headers
  /** What outgoing calls take over. Decided on access. */
  readonly inheritance: Inheritance
  /** The span of the call; undefined without one. */
  readonly trace?: CallTrace | undefined
  /** The time until the deadline in milliseconds, 0 or less once it has passed; undefined without a deadline. */
  timeoutMs(): number | undefined
}

let scopes: AsyncLocalStorage<CallScope> | null = null

/** Starts keeping scopes, for the life of the process. */
export function keepCallScopes(): void {
  scopes ??= new AsyncLocalStorage<CallScope>()
}

/** Whether scopes are kept. */
export function areCallScopesKept(): boolean {
  return scopes !== null
}

/** Runs a function, and the asynchronous work that it starts, within the scope and with its span as the active one. */
export function runInCallScope<A extends unknown[], T>(scope: CallScope, run: (...args: A) => T, ...args: A): T {
  if (scope.trace !== undefined) return runInTrace(scope.trace, () => runScoped(scope, run, ...args))
  return runScoped(scope, run, ...args)
}

function runScoped<A extends unknown[], T>(scope: CallScope, run: (...args: A) => T, ...args: A): T {
  return scopes === null ? run(...args) : scopes.run(scope, run, ...args)
}

/** Carries the outcome around the trace, which cannot change it. */
function runInTrace<T>(trace: CallTrace, run: () => T): T {
  let outcome: { readonly value: T } | { readonly thrown: unknown } | undefined
  trace.runInContext(() => {
    try {
      outcome = { value: run() }
    } catch (thrown) {
      outcome = { thrown }
    }
  })
  if (outcome === undefined) throw new Error('a trace did not run the code of its call')
  if ('thrown' in outcome) throw outcome.thrown
  return outcome.value
}

/** Returns the call that the caller is part of handling; undefined if there is none. */
export function currentCallScope(): CallScope | undefined {
  const scope = scopes?.getStore()
  return scope?.isHandled === true ? undefined : scope
}
