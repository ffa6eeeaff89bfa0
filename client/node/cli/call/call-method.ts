/** Calls any method of any service, with what its descriptor says. */
import type { DescMethod, DescMethodStreaming, DescMethodUnary, Message, Registry } from '@bufbuild/protobuf'
import type { Transport } from '@connectrpc/connect'
import { readMessages, readOneMessage } from './request-messages.ts'

/** A method, and what a call of it needs. */
export interface MethodCall {
  readonly method: DescMethod
  readonly transport: Transport
  /** The request as JSON: one message, or a message a line when the method takes many. */
  readonly data: AsyncIterable<Uint8Array>
  /** Has the types of the method, and those that a google.protobuf.Any may hold. */
  readonly registry: Registry
  /** Cancels the call. */
  readonly signal: AbortSignal
}

type CallOf<Method extends DescMethod> = Omit<MethodCall, 'method'> & { readonly method: Method }

/**
 * Calls a method and yields its responses as they come; the requests are sent as they come, too. Leaving the iteration
 * cancels the call.
 *
 * @throws ConnectError when the call fails
 * @throws InputError when the request data is bad; the call is then cancelled
 */
export async function* callMethod({ method, ...call }: MethodCall): AsyncGenerator<Message, void> {
  if (isUnary(method)) yield await callUnary({ ...call, method })
  if (isStreaming(method)) yield* callStream({ ...call, method })
}

/** Whether a method takes exactly one message. */
export function takesOne({ methodKind }: DescMethod): boolean {
  return methodKind === 'unary' || methodKind === 'server_streaming'
}

/** Whether a method gives exactly one message. */
export function givesOne({ methodKind }: DescMethod): boolean {
  return methodKind === 'unary' || methodKind === 'client_streaming'
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary'
}

function isStreaming(method: DescMethod): method is DescMethodStreaming {
  return method.methodKind !== 'unary'
}

async function callUnary(call: CallOf<DescMethodUnary>): Promise<Message> {
  const { method, transport, data, registry, signal } = call
  const request = await readOneMessage(method.input, data, registry)
  const response = await transport.unary(method, signal, undefined, undefined, request)
  return response.message
}

async function* callStream(call: CallOf<DescMethodStreaming>): AsyncGenerator<Message, void> {
  const { method, transport, signal } = call
  const ending = new AbortController()
  const requests = new Requests(call, ending)
  try {
    const both = AbortSignal.any([signal, ending.signal])
    const response = await transport.stream(method, both, undefined, undefined, requests.read())
    yield* response.message
  } catch (error) {
    throw requests.failure ?? error
  } finally {
    ending.abort()
  }
}

/** The requests of a stream. A transport hides why they failed, so that is kept here. */
class Requests {
  failure: Error | undefined
  readonly #call: MethodCall
  readonly #ending: AbortController

  constructor(call: MethodCall, ending: AbortController) {
    this.#call = call
    this.#ending = ending
  }

  async *read(): AsyncGenerator<Message, void> {
    const { method, data, registry } = this.#call
    try {
      if (takesOne(method)) yield await readOneMessage(method.input, data, registry)
      else yield* readMessages(method.input, data, registry)
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
      this.#ending.abort()
      throw error
    }
  }
}
