/** One call of a watch. */
import { type CallOptions, ConnectError } from '@connectrpc/connect'

/** A server-streaming method of a client that `createClient` returns, such as `client.getStream`. */
export type StreamMethod<Request, Message> = (request: Request, options?: CallOptions) => AsyncIterable<Message>

/** What a watched call starts with. */
export interface WatchedCallInit<Request, Message> {
  readonly method: StreamMethod<Request, Message>
  readonly request: Request
  readonly options: CallOptions
  /** Called once, when the server has responded. */
  readonly onLive: () => void
}

/**
 * Separates what fails in the call from what fails in the callbacks of the application: `next` returns the former as a
 * ConnectError, which a watch may retry, and throws the latter as it is.
 */
export class WatchedCall<Request, Message> {
  readonly #init: WatchedCallInit<Request, Message>
  #messages: AsyncIterator<Message> | undefined
  #isLive = false
  #isOver = false
  /** What a callback threw. */
  #thrown: { readonly reason: unknown } | undefined

  constructor(init: WatchedCallInit<Request, Message>) {
    this.#init = init
  }

  /** Returns the next message, the end, or the error of the call. The first one starts the call. */
  async next(): Promise<IteratorResult<Message> | ConnectError> {
    try {
      this.#messages ??= this.#start()
      const result = await this.#messages.next()
      // Not every client announces headers.
      if (result.done !== true) this.#goLive()
      this.#isOver = result.done === true
      return result
    } catch (reason) {
      if (this.#thrown !== undefined) throw this.#thrown.reason
      this.#isOver = true
      return ConnectError.from(reason)
    }
  }

  /** Ends the call unless it is over. */
  async leave(): Promise<void> {
    if (!this.#isOver) await this.#messages?.return?.()
  }

  #start(): AsyncIterator<Message> {
    const { method, request, options } = this.#init
    const onHeader = (headers: Headers): void => {
      this.#goLive()
      this.#guard(() => options.onHeader?.(headers))
    }
    const messages: unknown = method(request, { ...options, onHeader })
    if (!isStream<Message>(messages)) return this.#refuse(messages)
    return messages[Symbol.asyncIterator]()
  }

  /** A unary method returns a promise, whose rejection would end the process if nothing handled it. */
  #refuse(result: unknown): never {
    Promise.resolve(result).catch(() => {})
    const reason = new RangeError('the first argument of watchStream is not a server-streaming method of a client')
    this.#thrown = { reason }
    throw reason
  }

  #goLive(): void {
    if (this.#isLive) return
    this.#isLive = true
    this.#guard(this.#init.onLive)
  }

  #guard(callback: () => void): void {
    try {
      callback()
    } catch (reason) {
      this.#thrown = { reason }
      throw reason
    }
  }
}

function isStream<Message>(result: unknown): result is AsyncIterable<Message> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result
}
