/** Selects a subset of the endpoints, so that not every client connects to every server (gRFC A68). */
import type { ConnectError } from '@connectrpc/connect'
import { addressText, type Endpoint } from '../../contracts/endpoint.ts'
import type {
  ChannelControlHelper,
  ConfiguredPolicy,
  LoadBalancer,
  LoadBalancerPolicy,
  LoadBalancerUpdate,
} from '../../contracts/load-balancer.ts'
import { FieldReader, UINT32 } from '../../service-config/field-reader.ts'
import { requireChildPolicy } from '../../service-config/parse-load-balancing.ts'
import { endpointKey } from '../endpoint-children/endpoint-key.ts'
import { GracefulSwitch } from '../graceful-switch/graceful-switch.ts'
import { compareUint64, randomUint64, type Uint64, xxh64 } from '../hash/xxh64.ts'

/** The config of random_subsetting. */
export interface RandomSubsettingConfig {
  /** Number of endpoints for the child; from 1. */
  readonly subsetSize: number
  readonly child: ConfiguredPolicy
}

/** By the name that service configs use. */
export const randomSubsettingPolicy: LoadBalancerPolicy<RandomSubsettingConfig> = Object.freeze({
  name: 'random_subsetting_experimental',
  parseConfig(json, policies) {
    const fields = new FieldReader(json)
    fields.require('subsetSize')
    const subsetSize = fields.integer('subsetSize', { min: 1, max: UINT32.max }) ?? 0
    return Object.freeze({ subsetSize, child: requireChildPolicy(fields, policies) })
  },
  create: (helper) => new RandomSubsetting(helper),
} satisfies LoadBalancerPolicy<RandomSubsettingConfig>)

/** Endpoints have a random order that stays the same, so that a change of one changes the subset by at most one. */
class RandomSubsetting implements LoadBalancer<RandomSubsettingConfig> {
  readonly #child: GracefulSwitch
  readonly #seed: Uint64

  constructor(helper: ChannelControlHelper) {
    this.#child = new GracefulSwitch(helper)
    this.#seed = randomUint64(helper.random)
  }

  update({ endpoints, config, attributes }: LoadBalancerUpdate<RandomSubsettingConfig>): ConnectError | null {
    const subset = this.#inOrder(endpoints).slice(0, config.subsetSize)
    return this.#child.update({ endpoints: subset, config: config.child, attributes })
  }

  resolverError(error: ConnectError): void {
    this.#child.resolverError(error)
  }

  exitIdle(): void {
    this.#child.exitIdle()
  }

  resetBackoff(): void {
    this.#child.resetBackoff()
  }

  destroy(): void {
    this.#child.destroy()
  }

  /** Returns the distinct endpoints in random order. Child policies also count duplicates once. */
  #inOrder(endpoints: readonly Endpoint[]): Endpoint[] {
    const byKey = new Map(endpoints.toReversed().map((endpoint) => [endpointKey(endpoint), endpoint]))
    const hashed = [...byKey.values()].flatMap((endpoint) => {
      const [first] = endpoint.addresses
      return first === undefined ? [] : [{ endpoint, hash: xxh64(addressText(first), this.#seed) }]
    })
    return hashed.sort((a, b) => compareUint64(a.hash, b.hash)).map(({ endpoint }) => endpoint)
  }
}
