/** Sends calls with the same key to the same endpoint, as long as it is available (gRFC A42, A61, A76). */
import type { ConnectError } from '@connectrpc/connect'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicy,
  LoadBalancerUpdate,
} from '../../contracts/load-balancer.ts'
import { failPicker } from '../../contracts/picker.ts'
import { EndpointChild } from '../endpoint-children/endpoint-child.ts'
import { type ChildMap, matchChildren } from '../endpoint-children/match-children.ts'
import { reportEmptyList } from '../parts/report-empty-list.ts'
import { Ring } from './ring.ts'
import { parseRingHashConfig, type RingHashConfig } from './ring-hash-config.ts'
import { createRingHashPicker } from './ring-hash-picker.ts'

/** By the name that service configs use. */
export const ringHashPolicy: LoadBalancerPolicy<RingHashConfig> = Object.freeze({
  name: 'ring_hash_experimental',
  parseConfig: parseRingHashConfig,
  create: (helper) => new RingHash(helper),
} satisfies LoadBalancerPolicy<RingHashConfig>)

/** Connects to an endpoint when a call needs it. */
class RingHash implements LoadBalancer<RingHashConfig> {
  readonly #helper: ChannelControlHelper
  /** In the order of the list, which is that of the ring's indices. */
  #children: ChildMap = new Map()
  #ring: Ring | null = null
  #header: string | null = null
  #isBusy = false

  constructor(helper: ChannelControlHelper) {
    this.#helper = helper
  }

  update({ endpoints, attributes, config }: LoadBalancerUpdate<RingHashConfig>): ConnectError | null {
    this.#isBusy = true
    this.#children = matchChildren(this.#children, endpoints, (endpoint, known) => {
      const child = known ?? new EndpointChild(endpoint, this.#helper, () => this.#onChange())
      child.updateLazily(endpoint, attributes)
      return child
    })
    this.#isBusy = false
    if (this.#children.size === 0) return this.#becomeEmpty()
    this.#header = config.requestHashHeader
    this.#ring = new Ring(
      [...this.#children.values()].map((child) => child.endpoint),
      config,
    )
    this.#onChange()
    return null
  }

  resolverError(error: ConnectError): void {
    if (this.#children.size === 0) this.#helper.updateState('TRANSIENT_FAILURE', failPicker(error))
  }

  /** Connects to one endpoint, after waiting calls have chosen theirs. */
  exitIdle(): void {
    queueMicrotask(() => this.#connectOne())
  }

  resetBackoff(): void {
    for (const child of this.#children.values()) child.resetBackoff()
  }

  destroy(): void {
    for (const child of this.#children.values()) child.destroy()
    this.#children = new Map()
  }

  /** While calls wait or fail, a connection attempt must be under way, even without new calls. */
  #onChange(): void {
    if (this.#isBusy || this.#ring === null) return
    this.#isBusy = true
    const state = aggregate(this.#states())
    if (state === 'CONNECTING' || state === 'TRANSIENT_FAILURE') this.#connectOne()
    this.#isBusy = false
    const children = [...this.#children.values()]
    const { random } = this.#helper
    const picker = createRingHashPicker(this.#ring, children, { random, requestHashHeader: this.#header })
    this.#helper.updateState(aggregate(this.#states()), picker)
  }

  #connectOne(): void {
    const children = [...this.#children.values()]
    if (children.some((child) => child.isConnecting)) return
    children.find((child) => child.state === 'IDLE')?.connect()
  }

  #states(): ConnectivityState[] {
    return [...this.#children.values()].map((child) => child.state)
  }

  #becomeEmpty(): ConnectError {
    this.#ring = null
    return reportEmptyList(this.#helper)
  }
}

/** Aggregates the states. Two failures count as a failure of all, as a call tries no more than two endpoints (gRFC A61). */
function aggregate(states: readonly ConnectivityState[]): ConnectivityState {
  const failed = states.filter((state) => state === 'TRANSIENT_FAILURE').length
  if (states.includes('READY')) return 'READY'
  if (failed >= 2) return 'TRANSIENT_FAILURE'
  if (states.includes('CONNECTING') || (failed === 1 && states.length > 1)) return 'CONNECTING'
  return states.includes('IDLE') ? 'IDLE' : 'TRANSIENT_FAILURE'
}
