/** Keeps how a call ended, and keeps what a handler throws from reaching the client. */
import { randomUUID } from 'node:crypto'
import { Code, ConnectError, createContextKey, type Interceptor } from '@connectrpc/connect'
import type { ErrorLog } from './guard-log.ts'

/** How one call ended. Made before the call's interceptors run, read once its response is closed. */
export class CallOutcome {
  readonly log: ErrorLog
  /** The code that the call failed with; undefined while it runs, and when it succeeded. */
  code: Code | undefined = undefined

  constructor(log: ErrorLog) {
    this.log = log
  }
}

/** Carries the outcome of a call to the interceptor that fills it in. */
export const callOutcomeKey = createContextKey<CallOutcome | undefined>(undefined, {
  description: 'portico: the outcome of the call',
})

/**
 * The outermost interceptor: it notes the code of whatever error leaves the call. An error that is no ConnectError
 * becomes INTERNAL with a fixed text and an id; its own text and stack stand in the log, under that id.
 */
export const recordCallOutcome: Interceptor = (next) => async (request) => {
  const outcome = request.contextValues.get(callOutcomeKey)
  try {
    const response = await next(request)
    if (response.stream) return { ...response, message: recordStream(response.message, outcome) }
    return response
  } catch (thrown) {
    throw noteFailure(thrown, outcome)
  }
}

async function* recordStream<M>(messages: AsyncIterable<M>, outcome: CallOutcome | undefined): AsyncGenerator<M> {
  try {
    yield* messages
  } catch (thrown) {
    throw noteFailure(thrown, outcome)
  }
}

/** Notes the code of an error, and returns what the client may see of it. */
export function noteFailure(thrown: unknown, outcome: CallOutcome | undefined): ConnectError {
  const error = exposeError(thrown, outcome?.log)
  if (outcome !== undefined) outcome.code = error.code
  return error
}

/**
 * What a client may see of something thrown: a ConnectError as it is, an abort by its reason; of all else nothing but an id,
 * under which the log has it whole.
 */
export function exposeError(thrown: unknown, log: ErrorLog | undefined): ConnectError {
  return visibleError(thrown) ?? concealError(thrown, log)
}

/**
 * What is meant for the client. Aborts are how a cancelled call unwinds, and no faults of the handler: those of Node carry
 * the reason of the call's signal as their cause.
 */
function visibleError(thrown: unknown): ConnectError | undefined {
  try {
    // Of a code that is not one, clients could make a success.
    if (thrown instanceof ConnectError) return Code[thrown.code] === undefined ? undefined : thrown
    if (!(thrown instanceof Error) || thrown.name !== 'AbortError') return undefined
    if (thrown.cause instanceof ConnectError) return thrown.cause
    return new ConnectError('the call was cancelled', Code.Canceled, undefined, undefined, thrown)
  } catch {
    // An object whose own getters throw tells nothing about itself.
    return undefined
  }
}

function concealError(thrown: unknown, log: ErrorLog | undefined): ConnectError {
  const errorId = randomUUID()
  log?.error({ err: thrown, errorId }, 'a handler failed')
  return new ConcealedError(errorId, thrown)
}

/** What the client gets instead of something that was not meant for it; the `cause` is what was thrown. */
export class ConcealedError extends ConnectError {
  readonly #errorId: string

  constructor(errorId: string, cause: unknown) {
    super(`internal error ${errorId}`, Code.Internal, undefined, undefined, cause)
    this.#errorId = errorId
  }

  /** The id of such an error, which stands in its text and in the log. (To `instanceof` all ConnectErrors are alike.) */
  static idOf(error: ConnectError | null): string | undefined {
    return error !== null && #errorId in error ? error.#errorId : undefined
  }
}
