/**
 * What the calls that a handler makes inherit from the call that it answers. Server and client of a process meet here: the
 * server says which call is being handled, and a transport asks. Until one does, nothing is kept, and nothing costs.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** A call that is being handled, as whoever makes another call meanwhile sees it. */
export interface CallScope {
  /** The handler has come back: what it left running, as a timer, goes on by itself and inherits nothing. */
  readonly isHandled: boolean
  /** Aborted when the call is over: cancelled, late, or answered. */
  readonly signal: AbortSignal
  /** As the call's metadata came. */
  readonly requestHeader: Headers
  /** What is left of the deadline in milliseconds, 0 or below once it has passed; undefined: there is none. */
  timeoutMs(): number | undefined
}

let scopes: AsyncLocalStorage<CallScope> | null = null

/** From now on, for as long as the process lives, scopes are kept. Called by whoever means to ask for them. */
export function keepCallScopes(): void {
  scopes ??= new AsyncLocalStorage<CallScope>()
}

/** Whether anybody asks for scopes. */
export function areCallScopesKept(): boolean {
  return scopes !== null
}

/** Runs a function, and all that it starts, within the scope. */
export function runInCallScope<A extends unknown[], T>(scope: CallScope, run: (...args: A) => T, ...args: A): T {
  return scopes === null ? run(...args) : scopes.run(scope, run, ...args)
}

/** The call that is being handled where this is called from; undefined: none. */
export function currentCallScope(): CallScope | undefined {
  const scope = scopes?.getStore()
  return scope?.isHandled === true ? undefined : scope
}
