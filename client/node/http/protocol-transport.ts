/** Connect's own gRPC-Web and Connect, which know how calls are written, over an HTTP client of ours. */
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import type { Compression as ConnectCompression, UniversalClientFn } from '@connectrpc/connect/protocol'
import { createTransport as createConnectTransport } from '@connectrpc/connect/protocol-connect'
import { createTransport as createGrpcWebTransport } from '@connectrpc/connect/protocol-grpc-web'
import type { Compression } from '../../../wire/compression.ts'
import { answerError } from '../rpc/answer-error.ts'
import type { CallSettings } from '../rpc/call-plan.ts'
import type { MethodSettings } from '../rpc/method-settings.ts'
import { withMendedStatus } from './mended-status.ts'
import type { MessageMeter } from './message-meter.ts'

/** How calls are written. */
export interface ProtocolSettings {
  readonly protocol: HttpProtocol
  /** Unary calls without side effects are GET requests. Connect only. */
  readonly useHttpGet: boolean
  readonly calls: CallSettings
}

/** The protocols that need no more of HTTP than any client has. */
export type HttpProtocol = 'grpc-web' | 'connect'

const GRPC_WEB_CONTENT = /^application\/grpc-web(?:[+;]|$)/

/** What is to be written. */
export interface ProtocolCall {
  readonly limits: MethodSettings
  readonly isUnary: boolean
  readonly attempt: ProtocolAttempt
}

/** Who makes the HTTP request of it. */
export interface ProtocolAttempt {
  readonly send: UniversalClientFn
  /** Hears of messages that are compressed and inflated; null: nobody does. */
  readonly meter: MessageMeter | null
}

/** Makes the transport of one attempt. It knows nothing of deadlines: the signal of the call and its head do. */
export function protocolTransport(
  { protocol, useHttpGet, calls }: ProtocolSettings,
  { limits, isUnary, attempt }: ProtocolCall,
): Transport {
  const { pathPrefix, format, codec, sendCompression, compressMinBytes, acceptCompression } = calls
  const { send, meter } = attempt
  const create = protocol === 'connect' ? createConnectTransport : createGrpcWebTransport
  return create({
    httpClient: protocol === 'connect' ? send : onlyGrpcWeb(send),
    baseUrl: pathPrefix,
    useBinaryFormat: format === 'binary',
    interceptors: [],
    jsonOptions: codec.json,
    acceptCompression: acceptCompression.map((compression) => toConnectCompression(compression, meter)),
    sendCompression: sendCompression === null ? null : toConnectCompression(sendCompression, meter),
    // Connect compresses what is longer than this where there are no envelopes, and else what is as long.
    compressMinBytes: protocol === 'connect' && isUnary ? compressMinBytes - 1 : compressMinBytes,
    readMaxBytes: limits.maxReceiveBytes,
    writeMaxBytes: limits.maxSendBytes,
    useHttpGet,
  })
}

/** A page of a proxy is no stream of messages, though it may be read as one. Errors of HTTP are read by their status. */
function onlyGrpcWeb(httpClient: UniversalClientFn): UniversalClientFn {
  return async (request) => {
    const response = await httpClient(request)
    const { status, header } = response
    const contentType = header.get('content-type') ?? ''
    if (status !== 200) return response
    if (GRPC_WEB_CONTENT.test(contentType)) return withMendedStatus(response)
    throw new ConnectError(`the answer is "${contentType}", not gRPC-Web`, Code.Unknown, header)
  }
}

function toConnectCompression(
  { name, compress, decompress }: Compression,
  meter: MessageMeter | null,
): ConnectCompression {
  return {
    name,
    async compress(data) {
      meter?.onCompressed(data.byteLength)
      return owned(await compress(data))
    },
    async decompress(data, maxBytes) {
      try {
        const inflated = owned(await decompress(data, maxBytes))
        meter?.onInflated(inflated.byteLength)
        return inflated
      } catch (error) {
        throw answerError(error)
      }
    },
  }
}

/** Memory that is shared with no other thread, as the type asks; zlib's never is. */
function owned(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer ? (data as Uint8Array<ArrayBuffer>) : new Uint8Array(data)
}
