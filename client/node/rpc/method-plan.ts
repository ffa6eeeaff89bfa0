/** What all calls of a method have in common, found out once. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Compression } from '../../../wire/compression/compression.ts'
import type { MemoryBudget } from '../../../wire/http2/http2.ts'
import { type CodecOptions, createMessageCodecs, type MessageCodec } from '../../../wire/message-codec.ts'
import type { MetadataLimits } from '../contracts/metadata-limits.ts'
import type { CallConfig } from '../service-config/call-config.ts'
import type { HedgingPolicy, RetryPolicy } from '../service-config/method-config.ts'
import type { RetryThrottle } from '../service-config/retry-throttle.ts'
import type { AttemptFactory } from './attempt.ts'
import type { SendSettings } from './compress-message.ts'

/** What all calls of a transport have in common. */
export interface CallSettings extends SendSettings {
  /** The target of the channel as it was given. */
  readonly target: string
  readonly scheme: 'http' | 'https'
  readonly authority: string
  /** Put before the path of each method; empty, or begins with a slash and ends without. */
  readonly pathPrefix: string
  readonly userAgent: string
  readonly format: 'binary' | 'json'
  readonly codec: CodecOptions
  /** What messages may hold while they are compressed or inflated. */
  readonly budget: MemoryBudget
  /** What answers may be compressed with. */
  readonly acceptCompression: readonly Compression[]
  /** Bytes of a message before compression. */
  readonly maxSendBytes: number
  /** Bytes of a message, before and after inflating. */
  readonly maxReceiveBytes: number
  /** What heads, trailers and errors are held to. */
  readonly metadataLimits: MetadataLimits
  /** Whether policies of retries and hedging are heeded. */
  readonly hasPolicies: boolean
}

/** How calls are written. A protocol is this, and the attempts that it makes. */
export interface ClientProtocol {
  /** As observers see it. */
  readonly name: string
  /** Prepares what is the same for all calls of a method. */
  attemptsOf(plan: MethodPlan): AttemptFactory
  /** The HTTP method of its calls. */
  httpMethodOf(method: DescMethod): string
}

/** What holds for the calls of a method under one service config. */
export type MethodSettings = Pick<CallSettings, 'maxSendBytes' | 'maxReceiveBytes'> & {
  /** What holds for calls that do not say so themselves. */
  readonly waitsForReady: boolean
  /** The most time that a call gets, in milliseconds; Infinity: as much as it asks for. */
  readonly timeoutMs: number
  /** Null: a call that fails is not tried again. */
  readonly retry: RetryPolicy | null
  /** Null: one attempt at a time. */
  readonly hedging: HedgingPolicy | null
  /** What slows retries and hedges down; null: nothing does. */
  readonly throttle: RetryThrottle | null
}

/** What holds before anything is known of the service config: nothing goes out, nothing comes in. */
export const UNKNOWN_SETTINGS: MethodSettings = Object.freeze({
  waitsForReady: false,
  timeoutMs: Number.POSITIVE_INFINITY,
  maxSendBytes: 0,
  maxReceiveBytes: 0,
  retry: null,
  hedging: null,
  throttle: null,
})

/** One method of one transport. */
export class MethodPlan {
  readonly method: DescMethod
  readonly settings: CallSettings
  readonly protocol: ClientProtocol
  /** `/package.Service/Method`. */
  readonly path: string
  /** The path that is asked for: with what stands before it at this server. */
  readonly requestPath: string
  /** As interceptors see it. */
  readonly url: string
  readonly codec: MessageCodec
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
    this.attempts = protocol.attemptsOf(this)
  }

  /** What holds under a config: found out once, and again when there is another. */
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
