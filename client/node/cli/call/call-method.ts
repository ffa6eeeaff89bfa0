/** Calls any method by its descriptor. */
import type { DescMethod, DescMethodStreaming, DescMethodUnary, Message } from '@bufbuild/protobuf'
import type { ClientTransport } from '../../transport.ts'
import { type TimeLimit, waitingFor } from '../connection/time-limit.ts'
import type { MetTypes } from '../message/met-types.ts'
import { readMessages, readOneMessage } from './request-messages.ts'

/** A call to make. */
export interface MethodCall {
  readonly method: DescMethod
  readonly transport: ClientTransport
  /** The request as JSON: one message, or one message per line if the method takes a stream. */
  readonly data: AsyncIterable<Uint8Array>
  readonly types: MetTypes
  /** Ends the call. */
  readonly limit: TimeLimit
}

/**
 * Calls a method and yields its responses as they arrive; requests are sent as they arrive, too. Leaving the iteration cancels the
 * call.
 *
 * @throws ConnectError if the call fails
 * @throws InputError for invalid request data, after cancelling the call
 */
export async function* callMethod(call: MethodCall): AsyncGenerator<Message, void> {
  const { method, transport, data, types, limit } = call
  const waiting = () => waitingFor(transport, `the answer of ${method.name}`)
  if (!takesOne(method) && isStreaming(method)) {
    limit.begin(waiting)
    return yield* callStreaming(method, call, () => readMessages(method.input, data, types))
  }
  limit.begin('reading the request')
  const request = await readOneMessage(method.input, data, types)
  limit.begin(waiting)
  if (isUnary(method)) yield await callUnary(method, call, request)
  if (isStreaming(method)) yield* callStreaming(method, call, () => once(request))
}

/** Whether a method takes exactly one message. */
export function takesOne({ methodKind }: DescMethod): boolean {
  return methodKind === 'unary' || methodKind === 'server_streaming'
}

/** Whether a method returns exactly one message. */
export function givesOne({ methodKind }: DescMethod): boolean {
  return methodKind === 'unary' || methodKind === 'client_streaming'
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary'
}

function isStreaming(method: DescMethod): method is DescMethodStreaming {
  return method.methodKind !== 'unary'
}

async function callUnary(
  method: DescMethodUnary,
  { transport, limit }: MethodCall,
  request: Message,
): Promise<Message> {
  const { signal, timeoutMs } = limit.callOptions()
  const response = await transport.unary(method, signal, timeoutMs, undefined, request)
  return response.message
}

async function* callStreaming(
  method: DescMethodStreaming,
  { transport, limit }: MethodCall,
  open: () => AsyncIterable<Message>,
): AsyncGenerator<Message, void> {
  const ending = new AbortController()
  const requests = new Requests(open, ending)
  const { signal, timeoutMs } = limit.callOptions()
  try {
    const both = AbortSignal.any([signal, ending.signal])
    const response = await transport.stream(method, both, timeoutMs, undefined, requests.read())
    yield* response.message
  } catch (error) {
    throw requests.failure ?? error
  } finally {
    ending.abort()
  }
}

/** The requests of a stream. Keeps the reason of a failure, which the transport hides. */
class Requests {
  failure: Error | undefined
  readonly #open: () => AsyncIterable<Message>
  readonly #ending: AbortController

  constructor(open: () => AsyncIterable<Message>, ending: AbortController) {
    this.#open = open
    this.#ending = ending
  }

  async *read(): AsyncGenerator<Message, void> {
    try {
      yield* this.#open()
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
      this.#ending.abort()
      throw error
    }
  }
}

async function* once(message: Message): AsyncGenerator<Message, void> {
  yield message
}
