/** Records how a call ended, and keeps what a handler throws from the client. */
import { randomUUID } from 'node:crypto'
import {
  Code,
  ConnectError,
  createContextKey,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from '@connectrpc/connect'
import type { CallTrace } from '../../wire/call-observer.ts'
import { eachMessage } from './each-message.ts'

/** Where the outcome of a call is reported. */
export interface CallOutcome {
  /** Receives errors that are concealed from the client. */
  readonly log: ErrorLog
  /** Receives messages and failures; null without observers. */
  readonly report: CallReport | null
  /** Names the span of the call in its log lines; undefined without one. */
  readonly trace?: CallTrace | undefined
}

/** Receives the events of one call. */
export interface CallReport {
  onMessage(direction: 'received' | 'sent'): void
  /** `errorId` is set if the log has details that the client does not get. */
  onFailure(error: ConnectError, errorId: string | undefined): void
}

/** Passes the outcome of a call to the interceptor that fills it in. */
export const callOutcomeKey = createContextKey<CallOutcome | undefined>(undefined, {
  description: 'portico: the outcome of the call',
})

/**
 * The outermost interceptor: reports messages, and the error that leaves the call. An error that is not a ConnectError
 * becomes INTERNAL with a fixed text and an id. Its own message and stack are logged under that id.
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
  if (request.stream) return { ...request, message: eachMessage(request.message, () => report.onMessage('received')) }
  report.onMessage('received')
  return request
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
  const error = exposeError(thrown, outcome?.log, outcome?.trace)
  outcome?.report?.onFailure(error, ConcealedError.idOf(error))
  return error
}

/**
 * Returns what a client may see of a thrown value: a ConnectError as it is, an abort by its reason; otherwise only an
 * id, under which the log has the rest.
 */
export function exposeError(thrown: unknown, log: ErrorLog | undefined, trace?: CallTrace): ConnectError {
  return visibleError(thrown) ?? concealError(thrown, log, trace)
}

/**
 * Returns an error that is meant for the client. Aborts are how a cancelled call unwinds, and no fault of the handler;
 * those of Node have the reason of the signal as their cause.
 */
function visibleError(thrown: unknown): ConnectError | undefined {
  try {
    // An invalid code could look like a success to clients.
    if (thrown instanceof ConnectError) return Code[thrown.code] === undefined ? undefined : thrown
    if (!(thrown instanceof Error) || thrown.name !== 'AbortError') return undefined
    if (thrown.cause instanceof ConnectError) return thrown.cause
    return new ConnectError('the call was cancelled', Code.Canceled, undefined, undefined, thrown)
  } catch {
    // A value whose getters throw cannot be inspected.
    return undefined
  }
}

function concealError(thrown: unknown, log: ErrorLog | undefined, trace: CallTrace | undefined): ConnectError {
  const errorId = randomUUID()
  log?.error({ err: thrown, errorId, ...trace?.ids }, 'a handler failed')
  return new ConcealedError(errorId, thrown)
}

/** What the client gets in place of an unexpected error, which is its `cause`. */
export class ConcealedError extends ConnectError {
  readonly #errorId: string

  constructor(errorId: string, cause: unknown) {
    super(`internal error ${errorId}`, Code.Internal, undefined, undefined, cause)
    this.#errorId = errorId
  }

  /**
   * Returns the id in the message of such an error, under which it was logged. (`instanceof` is true for every
   * ConnectError.)
   */
  static idOf(error: ConnectError | null): string | undefined {
    return error !== null && #errorId in error ? error.#errorId : undefined
  }
}

/** Where unexpected errors are logged: the part of pino's interface that is needed. */
export interface ErrorLog {
  error(fields: object, message: string): void
}

/** Returns a log that ignores exceptions and rejections of the given one: there is no other place to report them to. */
export function guardLog(log: ErrorLog): ErrorLog {
  return {
    error(fields, message) {
      try {
        const returned: unknown = log.error(fields, message)
        if (returned !== undefined) Promise.resolve(returned).catch(() => {})
      } catch {
        // There is no other place to report this to.
      }
    },
  }
}
