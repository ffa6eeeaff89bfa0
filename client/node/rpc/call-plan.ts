/** What all calls of a method have in common, found out once. */
import type { DescMethod, Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../../wire/compression.ts'
import { type EncodableField, HeaderTemplate } from '../../../wire/http2/http2.ts'
import { type CodecOptions, createMessageCodecs, type MessageCodec } from '../../../wire/message-codec.ts'
import { formatGrpcTimeout } from '../../../wire/timeout-header.ts'
import { userFields } from '../../../wire/user-fields.ts'

/** What all calls of a transport have in common. */
export interface CallSettings {
  readonly scheme: 'http' | 'https'
  readonly authority: string
  /** Put before the path of each method; empty, or begins with a slash and ends without. */
  readonly pathPrefix: string
  readonly userAgent: string
  readonly format: 'binary' | 'json'
  readonly codec: CodecOptions
  /** What requests are compressed with; null: nothing. */
  readonly sendCompression: Compression | null
  /** Messages below are not compressed. */
  readonly compressMinBytes: number
  /** What answers may be compressed with. */
  readonly acceptCompression: readonly Compression[]
  /** Bytes of a message, before and after inflating. */
  readonly maxReceiveBytes: number
  /** Bytes of a message before compression. */
  readonly maxSendBytes: number
}

/** One method of one transport. */
export interface CallPlan {
  readonly method: DescMethod
  readonly settings: CallSettings
  /** `/package.Service/Method`, with the prefix. */
  readonly path: string
  readonly codec: MessageCodec
  /** The head of calls without deadline and metadata. */
  readonly head: HeaderTemplate
}

/** Makes the plan of a method. */
export function createCallPlan(method: DescMethod, settings: CallSettings): CallPlan {
  const codecs = createMessageCodecs({ decodes: method.output, encodes: method.input }, settings.codec)
  const path = `${settings.pathPrefix}/${method.parent.typeName}/${method.name}`
  return Object.freeze({
    method,
    settings,
    path,
    codec: settings.format === 'json' ? codecs.json : codecs.proto,
    head: new HeaderTemplate(headFields(path, settings)),
  })
}

/** What differs between the heads of calls of a method. */
export interface HeadDetails {
  /** What is left of the deadline, above 0; undefined: none. */
  readonly timeoutMs: number | undefined
  readonly header: Headers | undefined
  /** Attempts of the same call that have failed. */
  readonly previousAttempts: number
}

/**
 * The head of a call.
 *
 * @throws TypeError for metadata that may not go on the wire
 */
export function requestHead(
  { head }: CallPlan,
  { timeoutMs, header, previousAttempts }: HeadDetails,
): HeaderTemplate | readonly EncodableField[] {
  const metadata = userFields(header)
  if (timeoutMs === undefined && metadata.length === 0 && previousAttempts === 0) return head
  const fields = [...head.fields]
  if (timeoutMs !== undefined) fields.push({ name: 'grpc-timeout', value: formatGrpcTimeout(timeoutMs) })
  if (previousAttempts > 0) fields.push({ name: 'grpc-previous-rpc-attempts', value: String(previousAttempts) })
  fields.push(...metadata)
  return fields
}

/**
 * A message as it goes into its envelope, before compression.
 *
 * @throws ConnectError INTERNAL for what cannot be written, RESOURCE_EXHAUSTED for what is too large
 */
export function encodeMessage({ codec, settings }: CallPlan, message: Message): Uint8Array {
  const data = codec.encode(message)
  if (data.byteLength <= settings.maxSendBytes) return data
  const text = `a message of ${data.byteLength} bytes, allowed to send are ${settings.maxSendBytes}`
  throw new ConnectError(text, Code.ResourceExhausted)
}

function headFields(path: string, settings: CallSettings): EncodableField[] {
  const { scheme, authority, userAgent, sendCompression, acceptCompression, format } = settings
  const fields = [
    { name: ':method', value: 'POST' },
    { name: ':scheme', value: scheme },
    { name: ':path', value: path },
    { name: ':authority', value: authority },
    { name: 'te', value: 'trailers' },
    { name: 'content-type', value: format === 'json' ? 'application/grpc+json' : 'application/grpc+proto' },
    { name: 'user-agent', value: userAgent },
  ]
  if (sendCompression !== null) fields.push({ name: 'grpc-encoding', value: sendCompression.name })
  if (acceptCompression.length > 0) {
    fields.push({ name: 'grpc-accept-encoding', value: acceptCompression.map(({ name }) => name).join(',') })
  }
  return fields
}
