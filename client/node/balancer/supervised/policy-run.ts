/** The lifetime of one balancer, possibly a foreign one, from `create` to `destroy`. */
import type { ConnectError } from '@connectrpc/connect'
import { GuardedEdge, type GuardedEdgeParts } from '../../base/guarded-edge.ts'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type { Address, Attributes } from '../../contracts/endpoint.ts'
import type { ChannelControlHelper, LoadBalancer, LoadBalancerPolicy } from '../../contracts/load-balancer.ts'
import type { Picker } from '../../contracts/picker.ts'
import type { Subchannel } from '../../contracts/subchannel.ts'
import { guardedPicker } from './guarded-picker.ts'
import { GuardedSubchannel } from './guarded-subchannel.ts'

/** The states that a policy may publish. Only the channel publishes SHUTDOWN. */
const PUBLISHED: ReadonlySet<unknown> = new Set(['IDLE', 'CONNECTING', 'READY', 'TRANSIENT_FAILURE'])

/** After `end`, the balancer cannot affect the channel, and everything that it created is released. */
export class PolicyRun {
  readonly #edge: GuardedEdge
  readonly #helper: ChannelControlHelper
  readonly #subchannels = new Set<Subchannel>()
  #balancer: LoadBalancer | null = null

  constructor(helper: ChannelControlHelper, parts: GuardedEdgeParts) {
    this.#helper = helper
    this.#edge = new GuardedEdge(parts)
  }

  /** Creates the balancer. Returns the error that `onFault` makes of what `create` throws, or null. */
  begin(policy: LoadBalancerPolicy, onFault: (thrown: unknown) => ConnectError): ConnectError | null {
    return this.#edge.call<ConnectError | null>(() => {
      const balancer: Partial<LoadBalancer> | undefined = policy.create(this.#guardedHelper())
      if (typeof balancer?.update !== 'function') throw new TypeError('create returned no balancer')
      this.#balancer = balancer as LoadBalancer
      return null
    }, onFault)
  }

  /** Calls the balancer. If it throws, returns the result of `onFault`. */
  call<T>(run: (balancer: LoadBalancer) => T, onFault: (thrown: unknown) => T): T | null {
    const balancer = this.#balancer
    return balancer === null ? null : this.#edge.call(() => run(balancer), onFault)
  }

  end(): void {
    this.call((balancer) => balancer.destroy(), ignore)
    this.#balancer = null
    this.#edge.close()
    for (const subchannel of this.#subchannels) subchannel.shutdown()
  }

  #guardedHelper(): ChannelControlHelper {
    const { random, clock, onFault } = this.#helper
    return {
      random,
      clock: this.#edge.clock(clock),
      onFault,
      createSubchannel: (address, attributes) => this.#createSubchannel(address, attributes),
      updateState: (state, picker) => this.#publish(state, picker),
      requestReresolution: () => {
        if (this.#edge.isOpen) this.#helper.requestReresolution()
      },
    }
  }

  #createSubchannel(address: Address, attributes: Attributes): Subchannel {
    const inner = this.#helper.createSubchannel(address, attributes)
    const subchannel = new GuardedSubchannel(inner, this.#edge, (closed) => this.#subchannels.delete(closed))
    this.#subchannels.add(subchannel)
    if (!this.#edge.isOpen) subchannel.shutdown()
    return subchannel
  }

  /** @throws TypeError for an invalid state, which is the fault of the policy */
  #publish(state: ConnectivityState, picker: Picker): void {
    if (!PUBLISHED.has(state)) throw new TypeError(`the state ${String(state)} cannot be published by a policy`)
    if (this.#edge.isOpen) this.#helper.updateState(state, guardedPicker(picker, this.#edge))
  }
}

function ignore(): void {}
