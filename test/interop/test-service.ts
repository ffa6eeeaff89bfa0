/** grpc.testing.TestService, as in the official interoperability tests: requests describe their responses. */
import { setTimeout as sleep } from 'node:timers/promises'
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect'
import {
  type BoolValue,
  type EchoStatus,
  type Payload,
  PayloadSchema,
  PayloadType,
  type SimpleRequest,
  type StreamingOutputCallRequest,
} from '../gen/grpc/testing/messages_pb.js'
import type { TestService } from '../gen/grpc/testing/test_pb.js'

/** Metadata that is returned unchanged in headers and trailers. */
const ECHO_INITIAL = 'x-grpc-test-echo-initial'
const ECHO_TRAILING = 'x-grpc-test-echo-trailing-bin'

const ENCODING = 'grpc-encoding'

/** All methods except `UnimplementedCall`, which must not exist. The server returns its id on request. */
export function testServiceOf(serverId: string): Omit<ServiceImpl<typeof TestService>, 'unimplementedCall'> {
  return {
    ...testService,
    unaryCall(request, context) {
      const answer = answerOnce(request, context)
      return request.fillServerId ? { ...answer, serverId } : answer
    },
  }
}

const testService = {
  emptyCall: () => ({}),

  cacheableUnaryCall: (request) => ({ payload: payloadOf(request.responseType, request.responseSize) }),

  async *streamingOutputCall(request, context) {
    echoMetadata(context)
    yield* answersTo(request, context)
  },

  async streamingInputCall(requests, context) {
    let aggregatedPayloadSize = 0
    for await (const { payload, expectCompressed } of requests) {
      requireCompression(expectCompressed, context)
      aggregatedPayloadSize += payload?.body.byteLength ?? 0
    }
    return { aggregatedPayloadSize }
  },

  async *fullDuplexCall(requests, context) {
    echoMetadata(context)
    for await (const request of requests) {
      throwStatus(request.responseStatus)
      yield* answersTo(request, context)
    }
  },

  async *halfDuplexCall(requests, context) {
    const received: StreamingOutputCallRequest[] = []
    for await (const request of requests) received.push(request)
    for (const request of received) yield* answersTo(request, context)
  },
} satisfies Omit<ServiceImpl<typeof TestService>, 'unimplementedCall' | 'unaryCall'>

function answerOnce(request: SimpleRequest, context: HandlerContext): { payload: Payload } {
  echoMetadata(context)
  requireCompression(request.expectCompressed, context)
  throwStatus(request.responseStatus)
  return { payload: payloadOf(request.responseType, request.responseSize) }
}

function echoMetadata({ requestHeader, responseHeader, responseTrailer }: HandlerContext): void {
  const initial = requestHeader.get(ECHO_INITIAL)
  const trailing = requestHeader.get(ECHO_TRAILING)
  if (initial !== null) responseHeader.set(ECHO_INITIAL, initial)
  if (trailing !== null) responseTrailer.set(ECHO_TRAILING, trailing)
}

/** Services see the encoding of a call, not the flag of a message: clients here compress all messages of a call or none. */
function requireCompression(expected: BoolValue | undefined, { requestHeader }: HandlerContext): void {
  if (expected === undefined) return
  const isCompressed = (requestHeader.get(ENCODING) ?? 'identity') !== 'identity'
  if (isCompressed === expected.value) return
  throw new ConnectError(`the message is ${isCompressed ? '' : 'not '}compressed`, Code.InvalidArgument)
}

function throwStatus(status: EchoStatus | undefined): void {
  if (status !== undefined && status.code !== 0) throw new ConnectError(status.message, status.code)
}

async function* answersTo(
  { responseType, responseParameters }: StreamingOutputCallRequest,
  { signal }: HandlerContext,
): AsyncGenerator<{ payload: Payload }> {
  for (const { size, intervalUs } of responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1_000, undefined, { signal })
    yield { payload: payloadOf(responseType, size) }
  }
}

function payloadOf(type: PayloadType, size: number): Payload {
  if (type !== PayloadType.COMPRESSABLE) throw new ConnectError(`payload type ${type}`, Code.InvalidArgument)
  if (size < 0) throw new ConnectError(`a payload of ${size} bytes`, Code.InvalidArgument)
  return create(PayloadSchema, { type, body: new Uint8Array(size) })
}
