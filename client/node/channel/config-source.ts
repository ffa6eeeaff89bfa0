/** Keeps the service config of a channel: the last good one that its resolver brought, or the application's own (gRFC A21). */
import { Code, ConnectError } from '@connectrpc/connect'
import { RetryThrottle } from '../rpc/retry-throttle.ts'
import type { MethodConfig } from '../service-config/method-config.ts'
import { parseServiceConfig } from '../service-config/parse-service-config.ts'
import type { ServiceConfig } from '../service-config/service-config.ts'
import type { ConfiguredPolicy, LoadBalancerPolicies } from './load-balancer.ts'
import type { ResolverResult, ServiceConfigJson } from './resolver.ts'

/** The configs of one channel, one after the other. */
export class ConfigSource {
  readonly #policies: LoadBalancerPolicies
  readonly #fallback: ServiceConfig
  #current: ServiceConfig
  #throttle: RetryThrottle | null
  /** A good config has come from the resolver. */
  #hasResolved = false

  /**
   * @param defaultConfig what holds until the resolver brings one, and where it has none; as JSON.parse gives it
   * @throws ServiceConfigError naming every fault of it
   */
  constructor(policies: LoadBalancerPolicies, defaultConfig: unknown = {}) {
    this.#policies = policies
    this.#fallback = parseServiceConfig(defaultConfig, policies)
    this.#current = this.#fallback
    this.#throttle = createThrottle(this.#fallback)
  }

  /** The tokens of the target; null: calls are tried again without limit. */
  get throttle(): RetryThrottle | null {
    return this.#throttle
  }

  /**
   * Takes over what a result says, and names the policy that follows. A config that is none leaves the one before.
   *
   * @throws ConnectError UNAVAILABLE for a config that is none, where there was no good one before
   */
  choosePolicy({ serviceConfig }: ResolverResult): ConfiguredPolicy {
    const next = serviceConfig === undefined ? this.#fallback : this.#read(serviceConfig)
    // Each lookup brings a config anew: the tokens start afresh only where their numbers have changed.
    if (!isSameThrottling(next, this.#current)) this.#throttle = createThrottle(next)
    this.#current = next
    return next.loadBalancing
  }

  /** @param path `/package.Service/Method` */
  methodConfig(path: string): MethodConfig {
    return this.#current.methods.find(path)
  }

  #read(serviceConfig: ServiceConfigJson | ConnectError): ServiceConfig {
    try {
      if (serviceConfig instanceof ConnectError) throw serviceConfig
      const config = parseServiceConfig(serviceConfig.json, this.#policies)
      this.#hasResolved = true
      return config
    } catch (error) {
      if (this.#hasResolved) return this.#current
      const reason = error instanceof Error ? error.message : String(error)
      const message = `the service config of the target is none: ${reason}`
      throw new ConnectError(message, Code.Unavailable, undefined, undefined, error)
    }
  }
}

function createThrottle({ retryThrottling }: ServiceConfig): RetryThrottle | null {
  return retryThrottling === null ? null : new RetryThrottle(retryThrottling)
}

function isSameThrottling({ retryThrottling: a }: ServiceConfig, { retryThrottling: b }: ServiceConfig): boolean {
  return a?.maxTokens === b?.maxTokens && a?.tokenRatio === b?.tokenRatio
}
