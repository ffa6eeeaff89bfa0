/** Counts the calls that a drain ends before they are over. */
import { ConnectError, type Interceptor } from '@connectrpc/connect'
import { isCutShort } from '../rpc/drain-signal.ts'

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
