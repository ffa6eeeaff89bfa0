/** Finds the outcome of a call by its request, for those who stand outside of the call. */
import { CallOutcome } from '../interceptors/call-outcome.ts'
import type { ErrorLog } from '../interceptors/guard-log.ts'

const outcomes = new WeakMap<object, CallOutcome>()

/** The outcome of the call that a request makes: one for each request, made on first sight. */
export function callOutcomeOf(request: object, log: ErrorLog): CallOutcome {
  let outcome = outcomes.get(request)
  if (outcome === undefined) {
    outcome = new CallOutcome(log)
    outcomes.set(request, outcome)
  }
  return outcome
}
