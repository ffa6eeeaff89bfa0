/** The contracts between a channel and its load balancing policies. */
import type { ConnectError } from '@connectrpc/connect'
import type { Clock } from '../../../wire/http2/http2.ts'
import type { ConnectivityState } from './connectivity-state.ts'
import type { Address, Attributes, Endpoint } from './endpoint.ts'
import type { Picker } from './picker.ts'
import type { Subchannel } from './subchannel.ts'

/** A load balancing policy, which is looked up by name in an explicit list. `Config` is private to the policy. */
export interface LoadBalancerPolicy<Config = unknown> {
  /** The name in `loadBalancingConfig` of a service config: `round_robin`. */
  readonly name: string
  /**
   * Parses its part of a service config, before any balancer receives it. Must ignore unknown fields. A policy with children looks them up
   * in `policies`.
   *
   * @throws Error that names each field, its value and its range
   */
  parseConfig(json: unknown, policies: LoadBalancerPolicies): Config
  /** Creates a balancer. Its first `update` follows immediately. */
  create(helper: ChannelControlHelper): LoadBalancer<Config>
}

/** The policies that a channel knows, by name. */
export type LoadBalancerPolicies = ReadonlyMap<string, LoadBalancerPolicy>

/**
 * A running policy of one channel, or of a parent policy. The owner makes one call at a time. The balancer publishes through its helper, at
 * any time until `destroy`.
 */
export interface LoadBalancer<Config = unknown> {
  /**
   * Applies new endpoints or a new config. Returns why the update is unusable (without an address), or null. The resolver then tries again.
   */
  update(update: LoadBalancerUpdate<Config>): ConnectError | null
  /** The resolver failed. A balancer with endpoints keeps them; one without fails its calls with the error. */
  resolverError(error: ConnectError): void
  /** A call is waiting, or the application requests a connection: an IDLE policy must start to connect. */
  exitIdle(): void
  /** Ends the backoff of connections. */
  resetBackoff(): void
  /** Releases everything. No calls follow, in either direction. */
  destroy(): void
}

/** A policy with its config, as returned by `parseConfig`. */
export interface ConfiguredPolicy {
  readonly policy: LoadBalancerPolicy
  readonly config: unknown
}

/** The input of a balancer. */
export interface LoadBalancerUpdate<Config = unknown> {
  readonly endpoints: readonly Endpoint[]
  /** The config that `parseConfig` returned. */
  readonly config: Config
  /** The resolver's attributes of all endpoints. */
  readonly attributes: Attributes
}

/** The functions that the owner, a channel or a parent policy, offers to a balancer. */
export interface ChannelControlHelper {
  /** The clock and timers that a policy must use. */
  readonly clock: Clock
  /** Returns a number from 0 to below 1. A policy must use no other randomness. */
  readonly random: () => number
  /** Receives faults of foreign code that a policy calls, such as a child policy, for the log. */
  readonly onFault: (fault: Error) => void
  /** Creates an IDLE subchannel. The balancer owns it, and must shut it down. */
  createSubchannel(address: Address, attributes: Attributes): Subchannel
  /** Publishes the state of the policy, and the picker for calls. May be called from within `update`. */
  updateState(state: ConnectivityState, picker: Picker): void
  /** Requests new endpoints, as the current ones may be outdated. May be called often, as resolvers limit their rate. */
  requestReresolution(): void
}
