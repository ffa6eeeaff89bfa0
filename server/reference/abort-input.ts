/** Lets a handler that waits for its client's next message notice that the call is over. */
import type { Interceptor } from '@connectrpc/connect'

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
