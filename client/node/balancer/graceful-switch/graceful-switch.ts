/** Changes from one policy to another without a gap. */
import type { ConnectError } from '@connectrpc/connect'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type {
  ChannelControlHelper,
  ConfiguredPolicy,
  LoadBalancer,
  LoadBalancerUpdate,
} from '../../contracts/load-balancer.ts'
import { type Picker, queuePicker } from '../../contracts/picker.ts'

/** A policy that runs, and what it has last published. */
interface Running {
  readonly name: string
  balancer: LoadBalancer
  state: ConnectivityState
  picker: Picker
}

/**
 * Runs the policy that each update chooses. A new one takes over once it is no longer CONNECTING, or at once if the old one
 * is of no use any more because it is not READY; until then calls go where they went. For channels, and for policies that
 * have a child.
 */
export class GracefulSwitch implements LoadBalancer<ConfiguredPolicy> {
  readonly #helper: ChannelControlHelper
  #current: Running | null = null
  #pending: Running | null = null

  constructor(helper: ChannelControlHelper) {
    this.#helper = helper
  }

  update({ endpoints, attributes, config }: LoadBalancerUpdate<ConfiguredPolicy>): ConnectError | null {
    const latest = this.#pending ?? this.#current
    const running = latest?.name === config.policy.name ? latest : this.#replaceLatest(config)
    return running.balancer.update({ endpoints, attributes, config: config.config })
  }

  resolverError(error: ConnectError): void {
    const latest = this.#pending ?? this.#current
    latest?.balancer.resolverError(error)
  }

  exitIdle(): void {
    const latest = this.#pending ?? this.#current
    latest?.balancer.exitIdle()
  }

  resetBackoff(): void {
    this.#current?.balancer.resetBackoff()
    this.#pending?.balancer.resetBackoff()
  }

  destroy(): void {
    this.#current?.balancer.destroy()
    this.#pending?.balancer.destroy()
    this.#current = null
    this.#pending = null
  }

  #replaceLatest({ policy }: ConfiguredPolicy): Running {
    this.#pending?.balancer.destroy()
    const running: Running = { name: policy.name, balancer: NONE, state: 'CONNECTING', picker: queuePicker }
    if (this.#current === null) this.#current = running
    else this.#pending = running
    running.balancer = policy.create(this.#helperOf(running))
    return running
  }

  #helperOf(running: Running): ChannelControlHelper {
    const helper = this.#helper
    return {
      clock: helper.clock,
      random: helper.random,
      createSubchannel: (address, attributes) => helper.createSubchannel(address, attributes),
      requestReresolution: () => {
        if (running === (this.#pending ?? this.#current)) helper.requestReresolution()
      },
      updateState: (state, picker) => this.#onState(running, state, picker),
    }
  }

  #onState(running: Running, state: ConnectivityState, picker: Picker): void {
    running.state = state
    running.picker = picker
    if (this.#pending !== null && this.#isDue(this.#pending)) this.#takeOver()
    else if (running === this.#current) this.#helper.updateState(state, picker)
  }

  #isDue(pending: Running): boolean {
    return pending.state !== 'CONNECTING' || this.#current?.state !== 'READY'
  }

  #takeOver(): void {
    const successor = this.#pending
    if (successor === null) return
    this.#current?.balancer.destroy()
    this.#current = successor
    this.#pending = null
    this.#helper.updateState(successor.state, successor.picker)
  }
}

/** Stands in for a policy while it is made. */
const NONE: LoadBalancer = Object.freeze({
  update: () => null,
  resolverError() {},
  exitIdle() {},
  resetBackoff() {},
  destroy() {},
})
