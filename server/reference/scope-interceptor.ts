/** Makes the calls of a handler inherit from the call that it answers, on the reference lane. */
import { createContextKey, type HandlerContext, type Interceptor } from '@connectrpc/connect'
import type { CallTrace } from '../../wire/call-observer.ts'
import { areCallScopesKept, type CallScope, type Inheritance, runInCallScope } from '../../wire/call-scope.ts'
import { callOutcomeKey } from '../interceptors/call-outcome.ts'
import { peerKey } from '../rpc/context-keys.ts'
import type { Propagation } from '../rpc/propagation.ts'

const scopeKey = createContextKey<HandlerScope | undefined>(undefined, {
  description: 'portico: the scope of the call',
})

/**
 * Runs the gate of a call in its scope, and keeps the scope for the interceptor: interceptors of Connect cannot see the
 * deadline.
 */
export function runGateInScope<T>(
  context: HandlerContext,
  propagation: Propagation,
  gate: (context: HandlerContext) => T,
): T {
  const trace = context.values.get(callOutcomeKey)?.trace
  if (trace === undefined && !areCallScopesKept()) return gate(context)
  const scope = new HandlerScope(context, propagation, trace)
  context.values.set(scopeKey, scope)
  return runInCallScope(scope, gate, context)
}

/** The outermost interceptor. All others, and the handler, run in the scope of the call. */
export const runInScope: Interceptor = (next) => async (request) => {
  const scope = request.contextValues.get(scopeKey)
  if (scope === undefined) return next(request)
  let isStreaming = false
  try {
    const response = await runInCallScope(scope, next, request)
    isStreaming = response.stream
    return response.stream ? { ...response, message: readInScope(response.message, scope) } : response
  } finally {
    scope.isHandled = !isStreaming
  }
}

/** Reads the context on access: its signal and headers are created late. */
class HandlerScope implements CallScope {
  isHandled = false
  readonly trace: CallTrace | undefined
  readonly #context: HandlerContext
  readonly #propagation: Propagation

  constructor(context: HandlerContext, propagation: Propagation, trace: CallTrace | undefined) {
    this.#context = context
    this.#propagation = propagation
    this.trace = trace
  }

  get inheritance(): Inheritance {
    return this.#propagation.from({ peer: this.#context.values.get(peerKey) })
  }

  get signal(): AbortSignal {
    return this.#context.signal
  }

  get requestHeader(): Headers {
    return this.#context.requestHeader
  }

  timeoutMs(): number | undefined {
    return this.#context.timeoutMs()
  }
}

/** A generator runs in the async context of its consumer, so each pull is made in the scope. */
async function* readInScope<M>(messages: AsyncIterable<M>, scope: HandlerScope): AsyncGenerator<M> {
  const iterator = messages[Symbol.asyncIterator]()
  try {
    for (;;) {
      const read = await runInCallScope(scope, () => iterator.next())
      if (read.done) return
      yield read.value
    }
  } finally {
    await runInCallScope(scope, () => iterator.return?.())
    scope.isHandled = true
  }
}
