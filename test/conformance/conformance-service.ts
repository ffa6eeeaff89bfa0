/** The conformance service: each request says how to respond, and is echoed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { type Any, anyPack } from '@bufbuild/protobuf/wkt'
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayload_RequestInfo,
  ConformancePayload_RequestInfoSchema,
  type ConformancePayloadSchema,
  type ConformanceService,
  type Header,
  HeaderSchema,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from '../gen/connectrpc/conformance/v1/service_pb.js'
import { appendHeaders, toConnectError, toProtoHeaders } from './metadata.ts'

type Payload = MessageInitShape<typeof ConformancePayloadSchema>

/** Every method of the service but `Unimplemented`, which must not be there. */
export const conformanceService: Omit<ServiceImpl<typeof ConformanceService>, 'unimplemented'> = {
  async unary(request, context) {
    const received = [anyPack(UnaryRequestSchema, request)]
    return { payload: await answerOnce(request.responseDefinition, received, context) }
  },

  async idempotentUnary(request, context) {
    const received = [anyPack(IdempotentUnaryRequestSchema, request)]
    return { payload: await answerOnce(request.responseDefinition, received, context) }
  },

  async clientStream(requests, context) {
    let definition: UnaryResponseDefinition | undefined
    const received: Any[] = []
    for await (const request of requests) {
      if (received.length === 0) definition = request.responseDefinition
      received.push(anyPack(ClientStreamRequestSchema, request))
    }
    return { payload: await answerOnce(definition, received, context) }
  },

  async *serverStream(request, context) {
    const received = [anyPack(ServerStreamRequestSchema, request)]
    if (request.responseDefinition === undefined) return
    setMetadata(request.responseDefinition, context)
    yield* answerRest(request.responseDefinition, 0, received, context)
  },

  async *bidiStream(requests, context) {
    let definition: StreamResponseDefinition | undefined
    let isFullDuplex = false
    let isFirst = true
    let sent = 0
    let received: Any[] = []
    for await (const request of requests) {
      received.push(anyPack(BidiStreamRequestSchema, request))
      if (isFirst) {
        isFirst = false
        definition = request.responseDefinition
        isFullDuplex = request.fullDuplex
        if (definition !== undefined) setMetadata(definition, context)
      }
      if (!isFullDuplex) continue
      const data = definition?.responseData[sent]
      if (definition === undefined || data === undefined) break
      await pause(definition.responseDelayMs, context.signal)
      const requestInfo = sent === 0 ? describeCall(received, context) : { requests: received }
      yield { payload: { data, requestInfo } }
      received = []
      sent += 1
    }
    if (definition !== undefined) yield* answerRest(definition, sent, received, context)
  },
}

/** The response of a unary or client-streaming call. */
async function answerOnce(
  definition: UnaryResponseDefinition | undefined,
  received: Any[],
  context: HandlerContext,
): Promise<Payload> {
  const requestInfo = describeCall(received, context)
  if (definition === undefined) return { requestInfo }
  setMetadata(definition, context)
  await pause(definition.responseDelayMs, context.signal)
  if (definition.response.case === 'error') {
    throw toConnectError(definition.response.value, [detailOf(requestInfo)])
  }
  if (definition.response.case === 'responseData') return { data: definition.response.value, requestInfo }
  return { requestInfo }
}

/** The responses of a stream from number `sent` on, and then its error. The request is echoed once, by the first of them. */
async function* answerRest(
  definition: StreamResponseDefinition,
  sent: number,
  received: Any[],
  context: HandlerContext,
): AsyncGenerator<{ payload: Payload }> {
  for (const [index, data] of definition.responseData.entries()) {
    if (index < sent) continue
    await pause(definition.responseDelayMs, context.signal)
    yield { payload: index === 0 ? { data, requestInfo: describeCall(received, context) } : { data } }
  }
  if (definition.error === undefined) return
  const isFirst = definition.responseData.length === 0
  throw toConnectError(definition.error, isFirst ? [detailOf(describeCall(received, context))] : [])
}

function setMetadata(definition: UnaryResponseDefinition | StreamResponseDefinition, context: HandlerContext): void {
  appendHeaders(definition.responseHeaders, context.responseHeader)
  appendHeaders(definition.responseTrailers, context.responseTrailer)
}

function describeCall(requests: Any[], context: HandlerContext): ConformancePayload_RequestInfo {
  const timeoutMs = context.timeoutMs()
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: toProtoHeaders(context.requestHeader),
    requests,
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(Math.floor(timeoutMs)) }),
    ...(context.requestMethod === 'GET' && { connectGetInfo: { queryParams: readQuery(context.url) } }),
  })
}

function readQuery(url: string): Header[] {
  const query = [...new URL(url).searchParams]
  return query.map(([name, value]) => create(HeaderSchema, { name, value: [value] }))
}

function detailOf(value: ConformancePayload_RequestInfo) {
  return { desc: ConformancePayload_RequestInfoSchema, value }
}

/** Ends at once, with the reason, when the call is cancelled or its deadline passes. */
async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (durationMs === 0) return
  await sleep(durationMs, undefined, { signal }).catch(() => signal.throwIfAborted())
}
