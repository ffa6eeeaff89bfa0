/** Keeps how a call ended, and keeps what a handler throws from reaching the client. */
import { randomUUID } from 'node:crypto'
import {
  Code,
  ConnectError,
  createContextKey,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from '@connectrpc/connect'

/** Where what becomes of one call goes. */
export interface CallOutcome {
  /** Receives what is concealed from the client. */
  readonly log: ErrorLog
  /** Receives the rest; null if nobody observes. */
  readonly report: CallReport | null
}

/** Follows one call. */
export interface CallReport {
  onMessage(direction: 'received' | 'sent'): void
  /** `errorId`: the log has what the client does not get to see. */
  onFailure(error: ConnectError, errorId: string | undefined): void
}

/** Carries the outcome of a call to the interceptor that fills it in. */
export const callOutcomeKey = createContextKey<CallOutcome | undefined>(undefined, {
  description: 'portico: the outcome of the call',
})

/**
 * The outermost interceptor: it reports messages, and whatever error leaves the call. An error that is not a ConnectError
 * becomes INTERNAL with a fixed text and an id; its own text and stack stand in the log, under that id.
 */
export const recordCallOutcome: Interceptor = (next) => async (request) => {
  const outcome = request.contextValues.get(callOutcomeKey)
  const report = outcome?.report ?? null
  try {
    const response = await next(report === null ? request : countReceived(request, report))
    if (response.stream) return { ...response, message: recordStream(response.message, outcome) }
    report?.onMessage('sent')
    return response
  } catch (thrown) {
    throw noteFailure(thrown, outcome)
  }
}

function countReceived(request: UnaryRequest | StreamRequest, report: CallReport): UnaryRequest | StreamRequest {
  if (request.stream) return { ...request, message: countMessages(request.message, report) }
  report.onMessage('received')
  return request
}

/** As they are: a generator would keep `return` waiting behind a read. */
function countMessages<M>(messages: AsyncIterable<M>, report: CallReport): AsyncIterable<M> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = messages[Symbol.asyncIterator]()
      return {
        async next() {
          const result = await iterator.next()
          if (result.done !== true) report.onMessage('received')
          return result
        },
        async return(value) {
          return (await iterator.return?.(value)) ?? { done: true, value }
        },
      }
    },
  }
}

async function* recordStream<M>(messages: AsyncIterable<M>, outcome: CallOutcome | undefined): AsyncGenerator<M> {
  try {
    for await (const message of messages) {
      outcome?.report?.onMessage('sent')
      yield message
    }
  } catch (thrown) {
    throw noteFailure(thrown, outcome)
  }
}

/** Reports an error, and returns what the client may see of it. */
export function noteFailure(thrown: unknown, outcome: CallOutcome | undefined): ConnectError {
  const error = exposeError(thrown, outcome?.log)
  outcome?.report?.onFailure(error, ConcealedError.idOf(error))
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

/** Where unexpected errors are reported: the part of pino's interface that is needed. */
export interface ErrorLog {
  error(fields: object, message: string): void
}

/** A log that drops lines which the given one throws at: there is no other place to report that to. */
export function guardLog(log: ErrorLog): ErrorLog {
  return {
    error(fields, message) {
      try {
        const returned: unknown = log.error(fields, message)
        if (returned !== undefined) Promise.resolve(returned).catch(() => {})
      } catch {
        // Nobody is left to be told.
      }
    },
  }
}
