/** Connect's client, whose streams end when their reader leaves. */
import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf'
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  makeAnyClient,
  type StreamResponse,
  type Transport,
} from '@connectrpc/connect'
import { createAsyncIterable } from '@connectrpc/connect/protocol'
import { type LeftCall, type StreamReader, streamTo } from './leavable.ts'

/**
 * Creates a client for the methods of a service, as `createClient` of `@connectrpc/connect` does, with one difference: leaving a
 * stream of responses before its end (`break`, `return` or an error in the loop) cancels the call. With Connect's own, such a call
 * goes on until it ends, its deadline passes or its signal aborts.
 *
 *     for await (const { data } of greeter.getStream({ topic: 'news' })) if (data === 'enough') break
 */
export function createClient<S extends DescService>(service: S, transport: Transport): Client<S> {
  const client = makeAnyClient(service, (method) => {
    switch (method.methodKind) {
      case 'unary':
        return unary(transport, method)
      case 'client_streaming':
        return clientStreaming(transport, method)
      case 'server_streaming':
        return serverStreaming(transport, method)
      default:
        return bidiStreaming(transport, method)
    }
  })
  return client as Client<S>
}

function unary<I extends DescMessage, O extends DescMessage>(transport: Transport, method: DescMethodUnary<I, O>) {
  return async (request: MessageInitShape<I>, options: CallOptions = {}): Promise<MessageShape<O>> => {
    const { signal, timeoutMs, headers, contextValues } = options
    const response = await transport.unary(method, signal, timeoutMs, headers, request, contextValues)
    options.onHeader?.(response.header)
    options.onTrailer?.(response.trailer)
    return response.message
  }
}

function clientStreaming<I extends DescMessage, O extends DescMessage>(
  transport: Transport,
  method: DescMethodClientStreaming<I, O>,
) {
  return async (requests: AsyncIterable<MessageInitShape<I>>, options: CallOptions = {}): Promise<MessageShape<O>> => {
    const { signal, timeoutMs, headers, contextValues } = options
    const response = await transport.stream(method, signal, timeoutMs, headers, requests, contextValues)
    options.onHeader?.(response.header)
    let only: MessageShape<O> | undefined
    let count = 0
    for await (only of response.message) count++
    // Codes as in gRPC's statuscodes.md: the server does not implement the method as a client-streaming one.
    if (only === undefined) throw new ConnectError('protocol error: missing response message', Code.Unimplemented)
    if (count > 1) throw new ConnectError('protocol error: more than one response message', Code.Unimplemented)
    options.onTrailer?.(response.trailer)
    return only
  }
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
    const { signal, timeoutMs, headers, contextValues } = options
    const messages = new ResponseMessages<O>(options)
    // What the transport throws fails the call, when it is read.
    const start = async () =>
      streamTo(messages, transport, [method, signal, timeoutMs, headers, request, contextValues])
    messages.read(start() as Promise<StreamResponse<I, O>>)
    return messages
  }
}

type Messages<O extends DescMessage> = AsyncIterator<MessageShape<O>, undefined>
type Result<O extends DescMessage> = IteratorResult<MessageShape<O>, undefined>

const NEVER: Promise<never> = new Promise(() => {})

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** The responses of one call, which can be read once. */
class ResponseMessages<O extends DescMessage>
  implements AsyncIterableIterator<MessageShape<O>, undefined>, StreamReader
{
  readonly #options: CallOptions
  /** Null until the call has started. */
  #call: LeftCall | null = null
  #beginning: Promise<Messages<O>> = NEVER
  /** Null until the response has begun. */
  #messages: Messages<O> | null = null
  /** Null if the caller did not ask for trailers. */
  #onEnd: (() => void) | null = null
  #hasLeft = false

  constructor(options: CallOptions) {
    this.#options = options
  }

  /** Called by the transport. */
  onCall(call: LeftCall): void {
    this.#call = call
    if (this.#hasLeft) call.onLeft()
  }

  /** Called once, with the response to read. */
  read(response: Promise<StreamResponse<DescMessage, O>>): void {
    this.#beginning = response.then((begun) => this.#begin(begun))
    // Without a reader, the failure is not an unhandled rejection.
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

  /** Does not wait for a response that has not begun. */
  return(): Promise<Result<O>> {
    this.#hasLeft = true
    this.#call?.onLeft()
    // Interceptors may have generators of their own to clean up.
    this.#beginning.then((messages) => messages.return?.()).catch(() => {})
    return Promise.resolve(END)
  }

  /** Reads only the metadata that the caller asked for, as the response may make it on demand. */
  #begin(response: StreamResponse<DescMessage, O>): Messages<O> {
    const { onHeader, onTrailer } = this.#options
    try {
      onHeader?.(response.header)
    } catch (thrown) {
      this.#call?.onLeft()
      throw thrown
    }
    if (onTrailer !== undefined) this.#onEnd = () => onTrailer(response.trailer)
    this.#messages = response.message[Symbol.asyncIterator]()
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
