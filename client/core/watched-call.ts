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
    return method(request, { ...options, onHeader })[Symbol.asyncIterator]()
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
