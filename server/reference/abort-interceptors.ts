/** Interceptors of the reference lane that end calls when a signal aborts, or count the calls that it ended. */
import { ConnectError, type Interceptor } from '@connectrpc/connect'
import { joinAbort, leaveAbort } from '../../wire/abort-group.ts'
import { isCutShort } from '../rpc/drain-signal.ts'

/**
 * Ends the reads of a streaming handler as soon as the signal of its call aborts: at the deadline, near the end of a
 * drain, when the client disconnects. Connect's plugin would wait for the client's next byte. A reset of node:http2
 * looks like the normal end of the client's messages there, so an end after an abort throws the reason too.
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
    // Not awaited: a pending read settles only when the client sends something or disconnects.
    iterator.return?.().catch(() => {})
  }
}

/**
 * Creates an interceptor that ends calls with the reason of the signal when it aborts. Handlers run on, but nothing
 * waits for them. Connect's plugin sends the error in the protocol of the call, after what was sent before.
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
    // Not awaited: a handler that never yields never returns.
    if (!isDone) iterator.return?.().catch(() => {})
  }
}

/**
 * Joins a group of the signal, which has one listener for all calls, and leaves it afterwards so that nothing is kept.
 */
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

/** Creates the outermost interceptor. It calls back for each call that fails after the signal has aborted. */
export function countCutShort(signal: AbortSignal, onCutShort: () => void): Interceptor {
  /** Returns what was thrown, to throw it again. */
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
