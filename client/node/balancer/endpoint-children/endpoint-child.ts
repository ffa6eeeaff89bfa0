/** An endpoint of a policy that chooses between endpoints, with a pick_first of its own. */
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type { Attributes, Endpoint } from '../../contracts/endpoint.ts'
import type { ChannelControlHelper, LoadBalancer } from '../../contracts/load-balancer.ts'
import { type Picker, type PickInfo, queuePicker } from '../../contracts/picker.ts'
import type { Subchannel } from '../../contracts/subchannel.ts'
import { pickFirstPolicy } from '../pick-first/pick-first.ts'
import type { PickFirstConfig } from '../pick-first/pick-first-config.ts'

const CHILD_CONFIG: PickFirstConfig = Object.freeze({ shuffleAddressList: false, watchesHealth: true })

const ANY_CALL: PickInfo = Object.freeze({ path: '', requestHeader: new Headers() })

/** An endpoint that failed stays TRANSIENT_FAILURE until it is READY, or IDLE if its policy does not reconnect. */
export class EndpointChild {
  #endpoint: Endpoint
  #state: ConnectivityState = 'IDLE'
  #picker: Picker = queuePicker
  #attributes: Attributes = {}
  #hasBegun = false
  #isDestroyed = false
  #isConnecting = false
  #timesReady = 0
  readonly #balancer: LoadBalancer<PickFirstConfig>

  /** @param onChange called for every new state or picker, even from within `update` */
  constructor(endpoint: Endpoint, helper: ChannelControlHelper, onChange: () => void) {
    this.#endpoint = endpoint
    this.#balancer = pickFirstPolicy.create({
      clock: helper.clock,
      random: helper.random,
      onFault: helper.onFault,
      createSubchannel: (address, attributes) => helper.createSubchannel(address, attributes),
      requestReresolution: () => helper.requestReresolution(),
      updateState: (state, picker) => {
        this.#isConnecting = state === 'CONNECTING'
        if (state === 'READY' && this.#state !== 'READY') this.#timesReady++
        if (this.#state === 'TRANSIENT_FAILURE' && state === 'CONNECTING') return
        this.#state = state
        this.#picker = picker
        onChange()
      },
    })
  }

  get endpoint(): Endpoint {
    return this.#endpoint
  }

  get state(): ConnectivityState {
    return this.#state
  }

  /** The picker for calls to this endpoint. */
  get picker(): Picker {
    return this.#picker
  }

  /** How often it has become READY, which tells whether it has been READY without a break. */
  get timesReady(): number {
    return this.#timesReady
  }

  /** The subchannel of its calls; null unless it is READY. */
  get subchannel(): Subchannel | null {
    const picked = this.#state === 'READY' ? this.#picker.pick(ANY_CALL) : null
    return picked?.kind === 'complete' ? picked.subchannel : null
  }

  /** Whether its first connection attempt is under way. After a failure it retries automatically. */
  get isConnecting(): boolean {
    return this.#isConnecting
  }

  /** Updates the endpoint, whose attributes may have changed. Starts to connect the first time. */
  update(endpoint: Endpoint, attributes: Attributes): void {
    this.#endpoint = endpoint
    this.#attributes = attributes
    this.#hasBegun = true
    this.#balancer.update({
      endpoints: [endpoint],
      config: CHILD_CONFIG,
      attributes: { ...attributes, ...endpoint.attributes },
    })
  }

  /** As `update`, but connects only after `connect`. */
  updateLazily(endpoint: Endpoint, attributes: Attributes): void {
    this.#endpoint = endpoint
    this.#attributes = attributes
    if (this.#hasBegun) this.update(endpoint, attributes)
  }

  /** Starts to connect. Does nothing once it is destroyed, as an outdated picker may still call it. */
  connect(): void {
    if (this.#isDestroyed) return
    if (this.#hasBegun) this.#balancer.exitIdle()
    else this.update(this.#endpoint, this.#attributes)
  }

  resetBackoff(): void {
    this.#balancer.resetBackoff()
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#balancer.destroy()
  }
}
