/** What all calls of a method have in common, found out once. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Compression } from '../../../wire/compression.ts'
import { type EncodableField, HeaderTemplate } from '../../../wire/http2/http2.ts'
import { type CodecOptions, createMessageCodecs, type MessageCodec } from '../../../wire/message-codec.ts'
import { formatGrpcTimeout } from '../../../wire/timeout-header.ts'
import { userFields } from '../../../wire/user-fields.ts'
import type { CallConfig } from '../service-config/call-config.ts'
import type { ObservedCall } from './call-observer.ts'
import { type MethodLimits, type MethodSettings, methodSettings, UNKNOWN_SETTINGS } from './method-settings.ts'
import { replaceFields } from './replace-fields.ts'

/** What all calls of a transport have in common. */
export interface CallSettings extends MethodLimits {
  readonly protocol: ObservedCall['protocol']
  /** The target of the channel as it was given. */
  readonly target: string
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
}

const NO_FIELDS: readonly EncodableField[] = Object.freeze([])

/** One method of one transport. */
export class CallPlan {
  readonly method: DescMethod
  readonly settings: CallSettings
  /** `/package.Service/Method`. */
  readonly path: string
  /** As interceptors see it. */
  readonly url: string
  readonly codec: MessageCodec
  /** The head of calls without deadline and metadata. */
  readonly head: HeaderTemplate
  #config: CallConfig | null = null
  #methodSettings: MethodSettings = UNKNOWN_SETTINGS

  constructor(method: DescMethod, settings: CallSettings) {
    const codecs = createMessageCodecs({ decodes: method.output, encodes: method.input }, settings.codec)
    this.method = method
    this.settings = settings
    this.path = `/${method.parent.typeName}/${method.name}`
    this.url = `${settings.scheme}://${settings.authority}${settings.pathPrefix}${this.path}`
    this.codec = settings.format === 'json' ? codecs.json : codecs.proto
    this.head = new HeaderTemplate(headFields(`${settings.pathPrefix}${this.path}`, settings))
  }

  /** What holds under a config: found out once, and again when there is another. */
  settingsUnder(config: CallConfig): MethodSettings {
    if (config === this.#config) return this.#methodSettings
    this.#config = config
    this.#methodSettings = methodSettings(config, this.path, this.settings)
    return this.#methodSettings
  }
}

/** What differs between the heads of calls of a method. */
export interface HeadDetails {
  /** What is left of the deadline, above 0; undefined: none. */
  readonly timeoutMs: number | undefined
  readonly header: Headers | undefined
  /** Attempts of the same call that began before. */
  readonly previousAttempts: number
  /** What goes with the metadata, and before what has the same name there; undefined: nothing. */
  readonly added: readonly EncodableField[] | undefined
}

/**
 * The head of a call.
 *
 * @throws TypeError for metadata that may not go on the wire
 */
export function requestHead(
  { head }: CallPlan,
  { timeoutMs, header, previousAttempts, added = NO_FIELDS }: HeadDetails,
): HeaderTemplate | readonly EncodableField[] {
  const metadata = replaceFields(userFields(header), added)
  if (metadata.length === 0 && timeoutMs === undefined && previousAttempts === 0) return head
  const fields = [...head.fields]
  if (timeoutMs !== undefined) fields.push({ name: 'grpc-timeout', value: formatGrpcTimeout(timeoutMs) })
  if (previousAttempts > 0) fields.push({ name: 'grpc-previous-rpc-attempts', value: String(previousAttempts) })
  fields.push(...metadata)
  return fields
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
