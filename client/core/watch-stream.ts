/** Reads a server stream across lost connections and server restarts. */
import { Code, ConnectError } from '@connectrpc/connect'
import { kindFault } from '../../wire/options/check-options.ts'
import { backoffDelayMs } from './backoff.ts'
import {
  type CompleteWatchOptions,
  normalizeWatchStreamOptions,
  type WatchStreamOptions,
} from './watch-stream-options.ts'
import { type StreamMethod, WatchedCall } from './watched-call.ts'

/**
 * Yields the messages of a server stream in order. When the call is lost, it waits and starts another one whose request resumes
 * after the last message, so that a server that keeps its messages repeats none and omits none.
 *
 *     const watch = watchStream(client.listOrders, {
 *       request: { shop: 'kiosk' },
 *       resumeAfter: ({ cursor }) => ({ cursor }),
 *     })
 *     for await (const order of watch) show(order)
 *
 * A position may be several fields: `resumeAfter: ({ epoch, sequence }) => ({ epoch, afterSequence: sequence })`. To resume in
 * another process, store the position and put it into `request`.
 *
 * Leaving the loop cancels the call, as does `return()` of the iterator, even while `next()` is pending. The iteration
 * completes without an error when the signal aborts. The method must honor the signal that it receives, as those of
 * `createClient` do.
 *
 * @throws RangeError for an unknown option, or a value of the wrong kind or out of range; from the iteration, for a method that
 *   is not a server stream
 * @throws ConnectError from the iteration, when a call fails with one of `finalCodes`
 */
export function watchStream<Request extends object, Message>(
  method: StreamMethod<Request, Message>,
  options: WatchStreamOptions<NoInfer<Request>, NoInfer<Message>>,
): AsyncIterableIterator<Message, undefined> {
  const fault = kindFault('the first argument of watchStream', method, ['function'])
  if (fault !== undefined) throw new RangeError(`${fault}: pass a method of a client`)
  const leaving = new AbortController()
  const messages = readOn(new Watch(method, normalizeWatchStreamOptions(options), leaving.signal), leaving)
  return {
    next: () => messages.next(),
    return() {
      leaving.abort()
      return messages.return(undefined)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Makes one call after the other until the watch is left, aborted, or meets a final error. */
async function* readOn<Request extends object, Message>(
  watch: Watch<Request, Message>,
  leaving: AbortController,
): AsyncGenerator<Message, undefined> {
  try {
    while (!watch.signal.aborted) {
      const error = yield* watch.readCall()
      if (watch.signal.aborted || error === undefined) return undefined
      await watch.waitAfter(error)
    }
    return undefined
  } finally {
    leaving.abort()
  }
}

/** The position of a watch in its stream, and its calls. */
class Watch<Request extends object, Message> {
  /** Aborts when the watch is left or its signal aborts. */
  readonly signal: AbortSignal
  readonly #method: StreamMethod<Request, Message>
  readonly #options: CompleteWatchOptions<Request, Message>
  /** Undefined until a message has had a position. */
  #position: Partial<Request> | undefined
  #failures = 0
  #startedMs = 0
  #hasMessage = false

  constructor(
    method: StreamMethod<Request, Message>,
    options: CompleteWatchOptions<Request, Message>,
    leaving: AbortSignal,
  ) {
    this.signal = options.signal === undefined ? leaving : AbortSignal.any([options.signal, leaving])
    this.#method = method
    this.#options = options
  }

  /** Yields the messages of one call. Returns why it ended; undefined after an end with OK that is not to be resumed. */
  async *readCall(): AsyncGenerator<Message, ConnectError | undefined> {
    const { callOptions, onState, now, resumeAfter, resumesAfterEnd } = this.#options
    this.#startedMs = now()
    this.#hasMessage = false
    onState({ name: 'connecting' })
    const call = new WatchedCall({
      method: this.#method,
      request: this.#nextRequest(),
      options: { ...callOptions, signal: this.signal },
      onLive: () => onState({ name: 'live' }),
    })
    try {
      for (;;) {
        const result = await call.next()
        if (result instanceof ConnectError) return this.#checked(result)
        if (result.done === true)
          return resumesAfterEnd ? new ConnectError('the server ended the stream', Code.Unavailable) : undefined
        this.#hasMessage = true
        yield result.value
        this.#position = resumeAfter(result.value) ?? this.#position
      }
    } finally {
      await call.leave()
    }
  }

  /**
   * Returns an error that another call may follow, after dropping the position if the server no longer has it.
   *
   * @throws ConnectError `error`, if it is final
   */
  #checked(error: ConnectError): ConnectError {
    if (this.signal.aborted) return error
    const { finalCodes, resetCodes } = this.#options
    const isReset = resetCodes.includes(error.code)
    if (isReset && this.#position !== undefined) this.#position = undefined
    else if (isReset || finalCodes.includes(error.code)) throw error
    return error
  }

  /** Waits for the next call to be due. */
  async waitAfter(error: ConnectError): Promise<void> {
    const { backoff, random, now, onState, sleep } = this.#options
    // A quiet stream that held for the longest delay was as good as one with messages.
    const wasHealthy = this.#hasMessage || now() - this.#startedMs >= backoff.maxMs
    this.#failures = wasHealthy ? 1 : this.#failures + 1
    const delayMs = backoffDelayMs(backoff, this.#failures, random)
    onState({ name: 'waiting', error, delayMs, failures: this.#failures })
    await sleep(delayMs, this.signal)
  }

  #nextRequest(): Request {
    const { request } = this.#options
    if (this.#position === undefined) return request
    // protobuf-es treats an object with a $typeName as a complete message, but the merged one is partial.
    const merged: Request & { $typeName?: unknown } = { ...request, ...this.#position }
    delete merged.$typeName
    return merged
  }
}
