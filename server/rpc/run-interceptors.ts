/** Runs a call through its interceptors, with the request and response objects of Connect. */
import { create, type DescMessage, type Message } from '@bufbuild/protobuf'
import {
  Code,
  ConnectError,
  type HandlerContext,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect'
import type { CallContext } from './call-context.ts'
import type { MethodEntry } from './method-table.ts'

type AnyRequest = UnaryRequest | StreamRequest
type AnyResponse = UnaryResponse | StreamResponse
type Next = (request: AnyRequest) => Promise<AnyResponse>

/** Calls a unary method. Response metadata that interceptors replaced goes into the context. */
export async function runUnary(entry: MethodEntry, message: Message, context: CallContext): Promise<Message> {
  const { method, implementation, interceptors } = entry
  const run = chain(interceptors, async (request) => {
    const output = await implementation(request.message, contextFor(context, request))
    return responseOf(entry, context, create(method.output, output as Message))
  })
  const response = await run(requestOf(entry, context, message))
  adoptMetadata(context, response)
  return response.message as Message
}

/** Calls a streaming method. Trailers are read after the last message. */
export async function runStream(
  entry: MethodEntry,
  input: AsyncIterable<Message>,
  context: CallContext,
): Promise<AsyncIterable<Message>> {
  const run = chain(entry.interceptors, async (request) => {
    const messages = request.message as AsyncIterable<Message>
    return responseOf(entry, context, await invokeStream(entry, messages, contextFor(context, request)))
  })
  const response = await run(requestOf(entry, context, input))
  adoptMetadata(context, response)
  return response.message as AsyncIterable<Message>
}

/** The first interceptor is outermost. */
function chain(interceptors: readonly Interceptor[], innermost: Next): Next {
  return interceptors.reduceRight<Next>((next, interceptor) => interceptor(next), innermost)
}

async function invokeStream(
  { kind, method, implementation }: MethodEntry,
  input: AsyncIterable<Message>,
  context: HandlerContext,
): Promise<AsyncIterable<Message>> {
  if (kind === 'client_streaming') return once(create(method.output, (await implementation(input, context)) as Message))
  const given = kind === 'server_streaming' ? await onlyMessageOf(input) : input
  return completed(method.output, implementation(given, context) as AsyncIterable<Message>)
}

/** A client-streaming method has one response message, but interceptors see a stream. */
async function* once(message: Message): AsyncGenerator<Message> {
  yield message
}

/** Services may yield partial messages. */
async function* completed(desc: DescMessage, messages: AsyncIterable<Message>): AsyncGenerator<Message> {
  for await (const message of messages) yield create(desc, message)
}

/** Interceptors see a stream, so the number of messages is checked after them. */
async function onlyMessageOf(messages: AsyncIterable<Message>): Promise<Message> {
  let only: Message | undefined
  for await (const message of messages) {
    if (only !== undefined) throw new ConnectError('the call takes one message, but more were sent', Code.Unimplemented)
    only = message
  }
  if (only === undefined) throw new ConnectError('the call needs one message, but none was sent', Code.Unimplemented)
  return only
}

/**
 * Creates a plain object, because interceptors spread requests. Costly parts are getters, which run when spread or
 * read.
 */
function requestOf(
  { method, kind }: MethodEntry,
  context: CallContext,
  message: Message | AsyncIterable<Message>,
): AnyRequest {
  const request = {
    stream: kind !== 'unary',
    method,
    service: method.parent,
    requestMethod: context.requestMethod,
    message,
    get url() {
      return context.url
    },
    get signal() {
      return context.signal
    },
    get header() {
      return context.requestHeader
    },
    get contextValues() {
      return context.values
    },
  }
  return request as AnyRequest
}

function responseOf(
  { method, kind }: MethodEntry,
  context: CallContext,
  message: Message | AsyncIterable<Message>,
): AnyResponse {
  const response = {
    stream: kind !== 'unary',
    method,
    service: method.parent,
    message,
    get header() {
      return context.responseHeader
    },
    get trailer() {
      return context.responseTrailer
    },
  }
  return response as AnyResponse
}

/** Creates the context of the handler, which sees what the interceptors passed on, not what the client sent. */
function contextFor(context: CallContext, request: AnyRequest): HandlerContext {
  return {
    method: context.method,
    service: request.service,
    protocolName: context.protocolName,
    requestMethod: context.requestMethod,
    timeoutMs: context.timeoutMs,
    get url() {
      return context.url
    },
    get signal() {
      return request.signal
    },
    get requestHeader() {
      return request.header
    },
    get values() {
      return request.contextValues
    },
    get responseHeader() {
      return context.responseHeader
    },
    get responseTrailer() {
      return context.responseTrailer
    },
  }
}

/** Interceptors may replace the headers of a response, so those of the result are sent. */
function adoptMetadata(context: CallContext, response: AnyResponse): void {
  context.responseHeaderIfSet = response.header
  context.responseTrailerIfSet = response.trailer
}
