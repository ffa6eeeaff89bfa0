/** Runs a call through its interceptors, with the request and response objects of Connect. */
import type { Message } from '@bufbuild/protobuf'
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
import type { MessageCreator } from '../../wire/codec/create/message-creator.ts'
import type { CallContext } from './call-context.ts'
import { LazyParts } from './lazy-parts.ts'
import type { MethodEntry } from './method-table.ts'

type AnyRequest = UnaryRequest | StreamRequest
type AnyResponse = UnaryResponse | StreamResponse
type Next = (request: AnyRequest) => Promise<AnyResponse>

/** Calls a unary method. Response metadata that interceptors replaced goes into the context. */
export async function runUnary(entry: MethodEntry, message: Message, context: CallContext): Promise<Message> {
  const { implementation, interceptors, createOutput } = entry
  let made: AnyResponse | undefined
  const run = chain(interceptors, async (request) => {
    const output = await implementation(request.message, contextFor(context, request))
    made = responseOf(entry, context, createOutput(output as Message))
    return made
  })
  const response = await run(requestOf(entry, context, message))
  if (response !== made) adoptMetadata(context, response)
  return response.message as Message
}

/** Calls a streaming method. Trailers are read after the last message. */
export async function runStream(
  entry: MethodEntry,
  input: AsyncIterable<Message>,
  context: CallContext,
): Promise<AsyncIterable<Message>> {
  let made: AnyResponse | undefined
  const run = chain(entry.interceptors, async (request) => {
    const messages = request.message as AsyncIterable<Message>
    made = responseOf(entry, context, await invokeStream(entry, messages, contextFor(context, request)))
    return made
  })
  const response = await run(requestOf(entry, context, input))
  if (response !== made) adoptMetadata(context, response)
  return response.message as AsyncIterable<Message>
}

/** The first interceptor is outermost. */
function chain(interceptors: readonly Interceptor[], innermost: Next): Next {
  return interceptors.reduceRight<Next>((next, interceptor) => interceptor(next), innermost)
}

async function invokeStream(
  { kind, implementation, createOutput }: MethodEntry,
  input: AsyncIterable<Message>,
  context: HandlerContext,
): Promise<AsyncIterable<Message>> {
  if (kind === 'client_streaming') return once(createOutput((await implementation(input, context)) as Message))
  const given = kind === 'server_streaming' ? await onlyMessageOf(input) : input
  return completed(implementation(given, context) as AsyncIterable<Message>, createOutput)
}

/** A client-streaming method has one response message, but interceptors see a stream. */
async function* once(message: Message): AsyncGenerator<Message> {
  yield message
}

/** Services may yield partial messages. */
async function* completed(messages: AsyncIterable<Message>, createOutput: MessageCreator): AsyncGenerator<Message> {
  for await (const message of messages) yield createOutput(message)
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

/** Creates a plain object, because interceptors spread requests. Costly parts are getters, which run when spread or read. */
function requestOf(
  { method, kind }: MethodEntry,
  context: CallContext,
  message: Message | AsyncIterable<Message>,
): AnyRequest {
  const { requestMethod } = context
  const request = { stream: kind !== 'unary', method, service: method.parent, requestMethod, message }
  return REQUEST_PARTS.addTo(request, context) as AnyRequest
}

function responseOf(
  { method, kind }: MethodEntry,
  context: CallContext,
  message: Message | AsyncIterable<Message>,
): AnyResponse {
  const response = { stream: kind !== 'unary', method, service: method.parent, message }
  return RESPONSE_PARTS.addTo(response, context) as AnyResponse
}

/** Creates the context of the handler, which sees what the interceptors passed on, not what the client sent. */
function contextFor(context: CallContext, request: AnyRequest): HandlerContext {
  const { method, protocolName, requestMethod, timeoutMs } = context
  const plain = { method, service: request.service, protocolName, requestMethod, timeoutMs }
  return CONTEXT_PARTS.addTo(plain, { context, request }) as HandlerContext
}

const REQUEST_PARTS = new LazyParts<CallContext>({
  url: (context) => context.url,
  signal: (context) => context.signal,
  header: (context) => context.requestHeader,
  contextValues: (context) => context.values,
})

const RESPONSE_PARTS = new LazyParts<CallContext>({
  header: (context) => context.responseHeader,
  trailer: (context) => context.responseTrailer,
})

const CONTEXT_PARTS = new LazyParts<{ readonly context: CallContext; readonly request: AnyRequest }>({
  url: ({ context }) => context.url,
  signal: ({ request }) => request.signal,
  requestHeader: ({ request }) => request.header,
  values: ({ request }) => request.contextValues,
  responseHeader: ({ context }) => context.responseHeader,
  responseTrailer: ({ context }) => context.responseTrailer,
})

/**
 * Interceptors may replace a response, so the headers of the result are sent. Those of a response that they return as it is are in the
 * context already, if anything has set them: reading them would create two `Headers`, and cost more than the rest of the call.
 */
function adoptMetadata(context: CallContext, response: AnyResponse): void {
  context.responseHeaderIfSet = response.header
  context.responseTrailerIfSet = response.trailer
}
