/** Makes one observer of several. */
import type { AttemptTrace, CallObserver, CallTrace, ObservedAttempt, ObservedCall } from './call-observer.ts'

/** They are told in their order. Null: there are none, and nothing is to be told. */
export function combineObservers(observers: readonly CallObserver[]): CallObserver | null {
  const [first, ...others] = observers
  if (first === undefined || others.length === 0) return first ?? null
  return { onCall: (call: ObservedCall) => combineCalls(present(observers.map((observer) => observer.onCall(call)))) }
}

function combineCalls(traces: readonly CallTrace[]): CallTrace | null {
  const [first, ...others] = traces
  if (first === undefined || others.length === 0) return first ?? null
  return {
    onResolved: (delayMs) => each(traces, (trace) => trace.onResolved(delayMs)),
    onAttempt: (attempt: ObservedAttempt) => combineAttempts(present(traces.map((trace) => trace.onAttempt(attempt)))),
    onRetryDelay: (delayMs) => each(traces, (trace) => trace.onRetryDelay(delayMs)),
    onEnd: (error) => each(traces, (trace) => trace.onEnd(error)),
  }
}

function combineAttempts(traces: readonly AttemptTrace[]): AttemptTrace | null {
  const [first, ...others] = traces
  if (first === undefined || others.length === 0) return first ?? null
  return {
    get fields() {
      return traces.flatMap(({ fields }) => fields)
    },
    onPicked: (peer, delayMs) => each(traces, (trace) => trace.onPicked(peer, delayMs)),
    onSent: (compressedBytes, bytes) => each(traces, (trace) => trace.onSent(compressedBytes, bytes)),
    onReceived: (compressedBytes, bytes) => each(traces, (trace) => trace.onReceived(compressedBytes, bytes)),
    onEnd: (error) => each(traces, (trace) => trace.onEnd(error)),
  }
}

function present<T>(values: readonly (T | null)[]): T[] {
  return values.filter((value) => value !== null)
}

function each<T>(traces: readonly T[], tell: (trace: T) => void): void {
  for (const trace of traces) tell(trace)
}
