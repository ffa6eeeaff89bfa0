/** On the reference lane: has the calls that handlers make inherit from those that they answer. */
import { createContextKey, type HandlerContext, type Interceptor } from '@connectrpc/connect'
import { areCallScopesKept, type CallScope, runInCallScope } from '../../wire/call-scope.ts'

const scopeKey = createContextKey<HandlerScope | undefined>(undefined, {
  description: 'portico: the scope of the call',
})

/** Runs the gate of a call within its scope, and keeps that for the interceptor. Connect's interceptors see no deadline. */
export function runGateInScope<T>(context: HandlerContext, gate: (context: HandlerContext) => T): T {
  if (!areCallScopesKept()) return gate(context)
  const scope = new HandlerScope(context)
  context.values.set(scopeKey, scope)
  return runInCallScope(scope, gate, context)
}

/** The outermost interceptor: all others, and the handler, run within the scope. */
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

class HandlerScope implements CallScope {
  isHandled = false
  readonly #context: HandlerContext

  constructor(context: HandlerContext) {
    this.#context = context
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

/** A generator goes on where it is pulled from: each pull is made within the scope. */
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
