/** Interceptors of the reference lane that end a call, or count it, when a signal aborts. */
import { ConnectError, type Interceptor } from '@connectrpc/connect'
import { joinAbort, leaveAbort } from '../../wire/abort-group.ts'
import { isCutShort } from '../rpc/drain-signal.ts'

/**
 * Wraps what a streaming call receives. A read ends with the reason of the call's signal as soon as that aborts: at the
 * deadline, at the last words of a drain, when the client is gone. Upstream reads on until the client's next byte, and a
 * reset of node:http2 looks like the client's own end there; so an end behind an abort is no end either.
 */
export const abortInput: Interceptor = (next) => (request) =>
  next(request.stream ? { ...request, message: readUntilAborted(request.message, request.signal) } : request)

async function* readUntilAborted<M>(messages: AsyncIterable<M>, signal: AbortSignal): AsyncGenerator<M> {
  const iterator = messages[Symbol.asyncIterator]()
  let endRead = (_reason: unknown) => {}
  const onAbort = () => endRead(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    for (;;) {
      signal.throwIfAborted()
      const read = await new Promise<IteratorResult<M>>((resolve, reject) => {
        endRead = reject
        iterator.next().then(resolve, reject)
      })
      if (read.done) break
      yield read.value
    }
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Nobody waits for it: behind a read that is still out it settles only once the client sends, or leaves.
    iterator.return?.().catch(() => {})
  }
}

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

/** Makes the outermost interceptor: it calls back for each call that fails once the signal has aborted. */
export function countCutShort(signal: AbortSignal, onCutShort: () => void): Interceptor {
  const note = (thrown: unknown) => {
    if (isCutShort(ConnectError.from(thrown), signal)) onCutShort()
    return thrown
  }
  return (next) => async (request) => {
    try {
      const response = await next(request)
      return response.stream ? { ...response, message: noteStream(response.message, note) } : response
    } catch (thrown) {
      throw note(thrown)
    }
  }
}

async function* noteStream<M>(messages: AsyncIterable<M>, note: (thrown: unknown) => unknown): AsyncGenerator<M> {
  try {
    yield* messages
  } catch (thrown) {
    throw note(thrown)
  }
}
