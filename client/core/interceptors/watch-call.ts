/** Tells an interceptor when a unary or streaming call ends. */
import { ConnectError, type Interceptor } from '@connectrpc/connect'

/** What an interceptor passes a call to. */
export type CallFunction = ReturnType<Interceptor>

type Request = Parameters<CallFunction>[0]
type Response = Awaited<ReturnType<CallFunction>>

/**
 * Makes a call, and calls `onEnd` once when it ends. A stream ends when its last message is read, it fails or its signal aborts; a
 * stream that is neither read nor aborted stays open.
 *
 * @param onEnd receives the error, or undefined if the call succeeded. It must not throw
 */
export async function watchCall(
  next: CallFunction,
  request: Request,
  onEnd: (error: ConnectError | undefined) => void,
): Promise<Response> {
  const { signal } = request
  let isOver = false
  function end(error?: unknown): void {
    if (isOver) return
    isOver = true
    signal.removeEventListener('abort', onAbort)
    onEnd(error === undefined ? undefined : ConnectError.from(error))
  }
  const onAbort = (): void => end(signal.reason)
  try {
    const response = await next(request)
    if (!response.stream) end()
    else if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
    return response.stream ? { ...response, message: watchMessages(response.message, end) } : response
  } catch (error) {
    end(error)
    throw error
  }
}

async function* watchMessages<M>(messages: AsyncIterable<M>, end: (error?: unknown) => void): AsyncGenerator<M> {
  try {
    yield* messages
  } catch (error) {
    end(error)
    throw error
  } finally {
    end()
  }
}
