/** What all calls of a method have in common over plain HTTP, found out once. */
import type { DescMethod } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import type { CallConfig } from '../rpc/call-config.ts'
import { type MethodLimits, type MethodSettings, methodSettings, UNKNOWN_SETTINGS } from '../rpc/method-settings.ts'

/** One method of one transport. */
export class HttpPlan {
  readonly method: DescMethod
  /** `/package.Service/Method`. */
  readonly path: string
  /** The request is one message: it is sent as a whole, and again if need be. */
  readonly sendsOne: boolean
  /** To call it twice does no harm. */
  readonly isIdempotent: boolean
  readonly #limits: MethodLimits
  #config: CallConfig | null = null
  #settings: MethodSettings = UNKNOWN_SETTINGS

  constructor(method: DescMethod, limits: MethodLimits) {
    this.method = method
    this.path = `/${method.parent.typeName}/${method.name}`
    this.sendsOne = method.methodKind === 'unary' || method.methodKind === 'server_streaming'
    this.isIdempotent = method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN
    this.#limits = limits
  }

  /** What holds under a config: found out once, and again when there is another. */
  settingsUnder(config: CallConfig): MethodSettings {
    if (config === this.#config) return this.#settings
    this.#config = config
    this.#settings = methodSettings(config, this.path, this.#limits)
    return this.#settings
  }
}
