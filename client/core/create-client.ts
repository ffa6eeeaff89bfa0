/** Connect's client, whose streams end when their reader leaves. */
import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf'
import {
  type CallOptions,
  type Client,
  createClient as createConnectClient,
  makeAnyClient,
  type StreamResponse,
  type Transport,
} from '@connectrpc/connect'
import { createAsyncIterable } from '@connectrpc/connect/protocol'

/**
 * Creates a client for the methods of a service, as `createClient` of `@connectrpc/connect` does, with one difference: whoever
 * leaves a stream of answers before its end (`break`, `return` or an error in the loop) cancels the call. With Connect's own
 * such a call goes on until it ends by itself, by its deadline or by its signal.
 *
 *     for await (const { data } of greeter.getStream({ topic: 'news' })) if (data === 'enough') break
 */
export function createClient<S extends DescService>(service: S, transport: Transport): Client<S> {
  const streams = makeAnyClient(service, (method) => {
    if (method.methodKind === 'server_streaming') return serverStreaming(transport, method)
    if (method.methodKind === 'bidi_streaming') return bidiStreaming(transport, method)
    return null
  })
  return { ...createConnectClient(service, transport), ...streams }
}

function serverStreaming<I extends DescMessage, O extends DescMessage>(
  transport: Transport,
  method: DescMethodServerStreaming<I, O>,
) {
  const call = bidiStreaming(transport, method)
  return (request: MessageInitShape<I>, options?: CallOptions) => call(createAsyncIterable([request]), options)
}

function bidiStreaming<I extends DescMessage, O extends DescMessage>(
  transport: Transport,
  method: DescMethodServerStreaming<I, O> | DescMethodBiDiStreaming<I, O>,
) {
  return (request: AsyncIterable<MessageInitShape<I>>, options: CallOptions = {}) => {
    const { timeoutMs, headers, contextValues } = options
    const leaving = new AbortController()
    // What cannot be called fails as a call, when it is read.
    const call = async (): Promise<StreamResponse<I, O>> => {
      const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal])
      return transport.stream(method, signal, timeoutMs, headers, request, contextValues)
    }
    return new AnswerMessages<O>(call(), leaving, options)
  }
}

type Messages<O extends DescMessage> = AsyncIterator<MessageShape<O>, undefined>
type Result<O extends DescMessage> = IteratorResult<MessageShape<O>, undefined>

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** To be read once. */
class AnswerMessages<O extends DescMessage> implements AsyncIterableIterator<MessageShape<O>, undefined> {
  readonly #options: CallOptions
  /** Ends the call, whose answer may never begin. */
  readonly #leaving: AbortController
  readonly #beginning: Promise<Messages<O>>
  /** Null until the answer has begun. */
  #messages: Messages<O> | null = null
  /** Null: nobody asked for the trailers. */
  #onEnd: (() => void) | null = null
  #hasLeft = false

  constructor(answer: Promise<StreamResponse<DescMessage, O>>, leaving: AbortController, options: CallOptions) {
    this.#options = options
    this.#leaving = leaving
    this.#beginning = answer.then((response) => this.#begin(response))
    // Who never reads is told nothing.
    this.#beginning.catch(() => {})
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result<O>> {
    const messages = this.#messages
    if (this.#hasLeft) return Promise.resolve(END)
    if (messages === null) return this.#beginning.then((begun) => this.#nextOf(begun))
    return this.#onEnd === null ? messages.next() : this.#nextOf(messages)
  }

  /** Does not wait for an answer that has not begun. */
  return(): Promise<Result<O>> {
    this.#hasLeft = true
    this.#leaving.abort()
    // Interceptors may have generators of their own to clean up.
    this.#beginning.then((messages) => messages.return?.()).catch(() => {})
    return Promise.resolve(END)
  }

  #begin({ header, message, trailer }: StreamResponse<DescMessage, O>): Messages<O> {
    const { onHeader, onTrailer } = this.#options
    try {
      onHeader?.(header)
    } catch (thrown) {
      this.#leaving.abort()
      throw thrown
    }
    if (onTrailer !== undefined) this.#onEnd = () => onTrailer(trailer)
    this.#messages = message[Symbol.asyncIterator]()
    return this.#messages
  }

  async #nextOf(messages: Messages<O>): Promise<Result<O>> {
    const result = await messages.next()
    if (result.done === true) {
      this.#onEnd?.()
      this.#onEnd = null
    }
    return result
  }
}
