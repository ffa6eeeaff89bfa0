/** Ends calls that are still open when the time of a drain is over, whatever their handlers do. */
import type { Interceptor } from '@connectrpc/connect'
import { joinAbort, leaveAbort } from '../../wire/abort-group.ts'

/**
 * Makes an interceptor that answers with the reason of the signal once that aborts. Handlers run on, but nobody waits for
 * them: Connect's plugin writes the error as the protocol of the call has it, behind what was sent before.
 */
export function endAtCut(signal: AbortSignal): Interceptor {
  return (next) => async (request) => {
    const response = await untilAborted(next(request), signal)
    return response.stream ? { ...response, message: streamUntilAborted(response.message, signal) } : response
  }
}

async function* streamUntilAborted<M>(messages: AsyncIterable<M>, signal: AbortSignal): AsyncGenerator<M> {
  const iterator = messages[Symbol.asyncIterator]()
  let isDone = false
  try {
    for (;;) {
      const result = await untilAborted(iterator.next(), signal)
      isDone = result.done === true
      if (result.done === true) return
      yield result.value
    }
  } finally {
    // Nobody waits for it: a handler that never yields never returns.
    if (!isDone) iterator.return?.().catch(() => {})
  }
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const member = { abort: reject }
  joinAbort(signal, member)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    leaveAbort(signal, member)
  }
}
