/** Keeps the service config of a channel: the last good one that its resolver brought, or the application's own (gRFC A21). */
import { Code, ConnectError } from '@connectrpc/connect'
import { reasonOf } from '../base/thrown.ts'
import type { ConfiguredPolicy, LoadBalancerPolicies } from '../contracts/load-balancer.ts'
import type { ResolverResult, ServiceConfigJson } from '../contracts/resolver.ts'
import type { CallConfig, CallConfigSource } from '../service-config/call-config.ts'
import { parseServiceConfig } from '../service-config/parse-service-config.ts'
import { RetryThrottle } from '../service-config/retry-throttle.ts'
import type { ServiceConfig } from '../service-config/service-config.ts'

/** Where configs come from, and what they can name. */
export interface ConfigSourceOptions {
  readonly policies: LoadBalancerPolicies
  /** What holds where the resolver brings none, as JSON.parse gives it. Default: none. */
  readonly defaultConfig?: unknown
  /** Whether what the resolver brings is heeded. Default true. */
  readonly heedsResolver?: boolean
}

/** The configs of one channel, one after the other. */
export class ConfigSource implements CallConfigSource {
  readonly #policies: LoadBalancerPolicies
  readonly #heedsResolver: boolean
  readonly #hasDefault: boolean
  readonly #fallback: ServiceConfig
  readonly #waiting = new Set<(config: CallConfig) => void>()
  #service: ServiceConfig
  #calls: CallConfig
  #current: CallConfig | null = null
  /** A result was of use: what it led to, with a config or without, holds when a bad config follows. */
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

  /** All that holds: for those who are no calls. */
  get service(): ServiceConfig {
    return this.#service
  }

  get current(): CallConfig | null {
    return this.#current
  }

  whenKnown(callback: (config: CallConfig) => void): () => void {
    // One of its own each time: the same function may wait twice.
    const own = (config: CallConfig): void => callback(config)
    this.#waiting.add(own)
    return () => this.#waiting.delete(own)
  }

  /**
   * Takes over what a result says, and names the policy that follows. A config that is none leaves the one before.
   *
   * @throws ConnectError UNAVAILABLE for a config that is none, where there was no good one before and no default
   */
  choosePolicy({ serviceConfig }: ResolverResult): ConfiguredPolicy {
    const isHeeded = this.#heedsResolver && serviceConfig !== undefined
    const next = isHeeded ? this.#read(serviceConfig) : this.#fallback
    // Each lookup brings a config anew: the tokens start afresh only where their numbers have changed.
    const throttle = isSameThrottling(next, this.#service) ? this.#calls.throttle : createThrottle(next)
    this.#hasChosen = true
    this.#service = next
    this.#calls = callConfig(next, throttle)
    this.#current = this.#calls
    return next.loadBalancing
  }

  /** The resolver has answered, well or not: calls wait for it no more. */
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
      const message = `the service config of the target is none: ${reasonOf(error)}`
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
