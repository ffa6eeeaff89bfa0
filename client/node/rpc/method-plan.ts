/** What all calls of a method share, computed once. */
import type { DescMethod } from '@bufbuild/protobuf'
import { DEFAULT_CODEC_KIND } from '../../../wire/codec/codec-settings.ts'
import { type MessageCreator, messageCreator } from '../../../wire/codec/create/message-creator.ts'
import type { Compression } from '../../../wire/compression/compression.ts'
import type { MemoryBudget } from '../../../wire/http2/http2.ts'
import { type CodecOptions, createMessageCodecs, type HeadroomCodec } from '../../../wire/message-codec.ts'
import type { MetadataLimits } from '../contracts/metadata-limits.ts'
import type { CallConfig } from '../service-config/call-config.ts'
import type { HedgingPolicy, RetryPolicy } from '../service-config/method-config.ts'
import type { RetryThrottle } from '../service-config/retry-throttle.ts'
import type { AttemptFactory } from './attempt.ts'
import type { SendSettings } from './compress-message.ts'

/** The settings of all calls of a transport. */
export interface CallSettings extends SendSettings {
  /** The target of the channel as given. */
  readonly target: string
  readonly scheme: 'http' | 'https'
  readonly authority: string
  /** Prefix of the path of each method; empty, or starts with a slash and does not end with one. */
  readonly pathPrefix: string
  readonly userAgent: string
  readonly format: 'binary' | 'json'
  readonly codec: CodecOptions
  /** The memory budget for compressing and inflating messages. */
  readonly budget: MemoryBudget
  /** The accepted compressions of responses. */
  readonly acceptCompression: readonly Compression[]
  /** Maximum size of a message before compression. */
  readonly maxSendBytes: number
  /** Maximum size of a message, both compressed and inflated. */
  readonly maxReceiveBytes: number
  /** The limits of heads, trailers and errors. */
  readonly metadataLimits: MetadataLimits
  /** Whether to apply retry and hedging policies. */
  readonly hasPolicies: boolean
}

/** A protocol, which creates its attempts. */
export interface ClientProtocol {
  /** The name for observers. */
  readonly name: string
  /** Prepares what all calls of a method share. */
  attemptsOf(plan: MethodPlan): AttemptFactory
  /** Returns the HTTP method of its calls. */
  httpMethodOf(method: DescMethod): string
}

/** The settings of a method's calls under one service config. */
export type MethodSettings = Pick<CallSettings, 'maxSendBytes' | 'maxReceiveBytes'> & {
  /** The default for calls that do not set it. */
  readonly waitsForReady: boolean
  /** Maximum timeout of a call, in milliseconds; Infinity for no maximum. */
  readonly timeoutMs: number
  /** Null for no retries. */
  readonly retry: RetryPolicy | null
  /** Null for no hedging. */
  readonly hedging: HedgingPolicy | null
  /** The throttling of retries and hedges; null for none. */
  readonly throttle: RetryThrottle | null
}

/** The settings before the service config is known, when nothing is sent or received. */
export const UNKNOWN_SETTINGS: MethodSettings = Object.freeze({
  waitsForReady: false,
  timeoutMs: Number.POSITIVE_INFINITY,
  maxSendBytes: 0,
  maxReceiveBytes: 0,
  retry: null,
  hedging: null,
  throttle: null,
})

/** A method of a transport. */
export class MethodPlan {
  readonly method: DescMethod
  readonly settings: CallSettings
  readonly protocol: ClientProtocol
  /** `/package.Service/Method`. */
  readonly path: string
  /** The path of requests, including the prefix. */
  readonly requestPath: string
  /** The URL for interceptors. */
  readonly url: string
  readonly codec: HeadroomCodec
  /** Completes what callers pass, which may be partial messages. */
  readonly createInput: MessageCreator
  readonly attempts: AttemptFactory
  #config: CallConfig | null = null
  #settings: MethodSettings = UNKNOWN_SETTINGS

  constructor(method: DescMethod, settings: CallSettings, protocol: ClientProtocol) {
    const codecs = createMessageCodecs({ decodes: method.output, encodes: method.input }, settings.codec)
    this.method = method
    this.settings = settings
    this.protocol = protocol
    this.path = `/${method.parent.typeName}/${method.name}`
    this.requestPath = `${settings.pathPrefix}${this.path}`
    this.url = `${settings.scheme}://${settings.authority}${this.requestPath}`
    this.codec = settings.format === 'json' ? codecs.json : codecs.proto
    this.createInput = messageCreator(method.input, settings.codec.kind ?? DEFAULT_CODEC_KIND)
    this.attempts = protocol.attemptsOf(this)
  }

  /** Returns the settings under a config, cached until the config changes. */
  settingsUnder(config: CallConfig): MethodSettings {
    if (config === this.#config) return this.#settings
    this.#config = config
    this.#settings = settingsOf(this, config)
    return this.#settings
  }
}

function settingsOf({ path, settings }: MethodPlan, { methods, throttle }: CallConfig): MethodSettings {
  const method = methods.find(path)
  const { hasPolicies } = settings
  return Object.freeze({
    waitsForReady: method.waitForReady ?? false,
    timeoutMs: method.timeoutMs ?? Number.POSITIVE_INFINITY,
    maxSendBytes: Math.min(settings.maxSendBytes, method.maxRequestBytes ?? Number.POSITIVE_INFINITY),
    maxReceiveBytes: Math.min(settings.maxReceiveBytes, method.maxResponseBytes ?? Number.POSITIVE_INFINITY),
    retry: hasPolicies ? method.retryPolicy : null,
    hedging: hasPolicies ? method.hedgingPolicy : null,
    throttle: hasPolicies ? throttle : null,
  })
}
