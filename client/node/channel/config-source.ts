/** Keeps the service config of a channel: the last valid one from its resolver, or that of the application (gRFC A21). */
import { Code, ConnectError } from '@connectrpc/connect'
import { reasonOf } from '../base/thrown.ts'
import type { ConfiguredPolicy, LoadBalancerPolicies } from '../contracts/load-balancer.ts'
import type { ResolverResult, ServiceConfigJson } from '../contracts/resolver.ts'
import type { CallConfig, CallConfigSource } from '../service-config/call-config.ts'
import { parseServiceConfig } from '../service-config/parse-service-config.ts'
import { RetryThrottle } from '../service-config/retry-throttle.ts'
import type { ServiceConfig } from '../service-config/service-config.ts'

/** Options of a config source. */
export interface ConfigSourceOptions {
  readonly policies: LoadBalancerPolicies
  /** The config if the resolver returns none, parsed by JSON.parse. Default: none. */
  readonly defaultConfig?: unknown
  /** Whether to use configs from the resolver. Default: true. */
  readonly heedsResolver?: boolean
}

/** The current config of one channel. */
export class ConfigSource implements CallConfigSource {
  readonly #policies: LoadBalancerPolicies
  readonly #heedsResolver: boolean
  readonly #hasDefault: boolean
  readonly #fallback: ServiceConfig
  readonly #waiting = new Set<(config: CallConfig) => void>()
  #service: ServiceConfig
  #calls: CallConfig
  #current: CallConfig | null = null
  /** Whether a result was usable. Its config, or the lack of one, then stays in effect when an invalid config follows. */
  #hasChosen = false

  /** @throws ServiceConfigError naming every fault of the default */
  constructor({ policies, defaultConfig, heedsResolver = true }: ConfigSourceOptions) {
    this.#policies = policies
    this.#heedsResolver = heedsResolver
    this.#hasDefault = defaultConfig !== undefined
    this.#fallback = parseServiceConfig(defaultConfig ?? {}, policies)
    this.#service = this.#fallback
    this.#calls = callConfig(this.#fallback, createThrottle(this.#fallback))
  }

  /** The whole config, for users other than calls. */
  get service(): ServiceConfig {
    return this.#service
  }

  get current(): CallConfig | null {
    return this.#current
  }

  whenKnown(callback: (config: CallConfig) => void): () => void {
    // A new closure each time, as the same function may wait twice.
    const own = (config: CallConfig): void => callback(config)
    this.#waiting.add(own)
    return () => this.#waiting.delete(own)
  }

  /**
   * Applies the config of a result, and returns the policy that it selects. An invalid config leaves the previous one in effect.
   *
   * @throws ConnectError UNAVAILABLE for an invalid config without a valid previous one or a default
   */
  choosePolicy({ serviceConfig }: ResolverResult): ConfiguredPolicy {
    const isHeeded = this.#heedsResolver && serviceConfig !== undefined
    const next = isHeeded ? this.#read(serviceConfig) : this.#fallback
    // Each lookup returns a new config, but the retry tokens are reset only if the throttling has changed.
    const throttle = isSameThrottling(next, this.#service) ? this.#calls.throttle : createThrottle(next)
    this.#hasChosen = true
    this.#service = next
    this.#calls = callConfig(next, throttle)
    this.#current = this.#calls
    return next.loadBalancing
  }

  /** Releases the calls that wait for the first result of the resolver, successful or not. */
  settle(): void {
    this.#current = this.#calls
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const callback of waiting) callback(this.#current)
  }

  #read(serviceConfig: ServiceConfigJson | ConnectError): ServiceConfig {
    try {
      if (serviceConfig instanceof ConnectError) throw serviceConfig
      return parseServiceConfig(serviceConfig.json, this.#policies)
    } catch (error) {
      if (this.#hasChosen) return this.#service
      if (this.#hasDefault) return this.#fallback
      const message = `invalid service config: ${reasonOf(error)}`
      throw new ConnectError(message, Code.Unavailable, undefined, undefined, error)
    }
  }
}

function callConfig({ methods }: ServiceConfig, throttle: RetryThrottle | null): CallConfig {
  return Object.freeze({ methods, throttle })
}

function createThrottle({ retryThrottling }: ServiceConfig): RetryThrottle | null {
  return retryThrottling === null ? null : new RetryThrottle(retryThrottling)
}

function isSameThrottling({ retryThrottling: a }: ServiceConfig, { retryThrottling: b }: ServiceConfig): boolean {
  return a?.maxTokens === b?.maxTokens && a?.tokenRatio === b?.tokenRatio
}
