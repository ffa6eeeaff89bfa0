/** The contracts between a channel and the policies that share calls between endpoints. */
import type { ConnectError } from '@connectrpc/connect'
import type { Clock } from '../../../wire/http2/http2.ts'
import type { ConnectivityState } from './connectivity-state.ts'
import type { Address, Attributes, Endpoint } from './endpoint.ts'
import type { Picker } from './picker.ts'
import type { Subchannel } from './subchannel.ts'

/** A kind of load balancing, found by its name in a list that is given explicitly. `Config` is its own affair. */
export interface LoadBalancerPolicy<Config = unknown> {
  /** As in `loadBalancingConfig` of a service config: `round_robin`. */
  readonly name: string
  /**
   * Reads its part of a service config; called when one arrives, before any balancer sees it. Unknown fields are ignored.
   * A policy with children finds them in `policies`.
   *
   * @throws Error that names each field, its value and its range
   */
  parseConfig(json: unknown, policies: LoadBalancerPolicies): Config
  /** Makes a balancer; its first `update` follows at once. */
  create(helper: ChannelControlHelper): LoadBalancer<Config>
}

/** The policies that a channel knows, by name. */
export type LoadBalancerPolicies = ReadonlyMap<string, LoadBalancerPolicy>

/**
 * A running policy of one channel, or of a parent policy. Its owner calls it, one call at a time; it answers through its
 * helper, at any time until `destroy`.
 */
export interface LoadBalancer<Config = unknown> {
  /**
   * The endpoints or the config have changed. Returns why the update is of no use (no address in it), or null: the resolver
   * is told, and tries again.
   */
  update(update: LoadBalancerUpdate<Config>): ConnectError | null
  /** The resolver failed. A balancer that has endpoints goes on with them; one that has none fails its calls with the error. */
  resolverError(error: ConnectError): void
  /** A call is waiting, or the application wants a connection: an idle policy starts to connect. */
  exitIdle(): void
  /** Connections that wait for their backoff may be tried at once. */
  resetBackoff(): void
  /** Lets go of everything. Nothing is called afterwards, on either side. */
  destroy(): void
}

/** A policy with the part of a service config that is its own, as `parseConfig` gave it. */
export interface ConfiguredPolicy {
  readonly policy: LoadBalancerPolicy
  readonly config: unknown
}

/** What a balancer works on. */
export interface LoadBalancerUpdate<Config = unknown> {
  readonly endpoints: readonly Endpoint[]
  /** What `parseConfig` of its policy has returned. */
  readonly config: Config
  /** What the resolver says of all of them. */
  readonly attributes: Attributes
}

/** What a balancer can ask of its owner: the channel, or the policy above it. */
export interface ChannelControlHelper {
  /** Time and timers: the only ones that a policy uses. */
  readonly clock: Clock
  /** A number from 0 to below 1: the only chance that a policy uses. */
  readonly random: () => number
  /** Receives faults of code that a policy calls and that is not its own, as of a policy below it: for the log. */
  readonly onFault: (fault: Error) => void
  /** Makes a subchannel in IDLE. The balancer owns it, and shuts it down. */
  createSubchannel(address: Address, attributes: Attributes): Subchannel
  /** Publishes how the policy is doing, and the picker for the calls from now on. May be called from within `update`. */
  updateState(state: ConnectivityState, picker: Picker): void
  /** The endpoints may be out of date. May be called as often as there is reason: resolvers hold back by themselves. */
  requestReresolution(): void
}
