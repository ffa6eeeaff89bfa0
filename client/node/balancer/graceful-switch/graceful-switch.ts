/** Switches from one policy to another without interrupting calls. */
import type { ConnectError } from '@connectrpc/connect'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type {
  ChannelControlHelper,
  ConfiguredPolicy,
  LoadBalancer,
  LoadBalancerUpdate,
} from '../../contracts/load-balancer.ts'
import { failPicker, type Picker, queuePicker } from '../../contracts/picker.ts'
import { SupervisedBalancer } from '../supervised/supervised-balancer.ts'

/** A running policy, and what it last published. */
interface Running {
  readonly name: string
  readonly balancer: LoadBalancer
  state: ConnectivityState
  picker: Picker
}

/**
 * Runs the policy that each update selects. A new policy takes over once it is no longer CONNECTING, or immediately if the old one is not
 * READY; until then the old one serves calls. For channels, and for policies that have a child.
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
    const running: Running = {
      name: policy.name,
      balancer: new SupervisedBalancer({
        policy,
        helper: this.#helperOf(() => running),
        onBroken: (error) => this.#onBroken(running, error),
      }),
      state: 'CONNECTING',
      picker: queuePicker,
    }
    if (this.#current === null) this.#current = running
    else this.#pending = running
    return running
  }

  /** @param running not called before the policy was created */
  #helperOf(running: () => Running): ChannelControlHelper {
    const helper = this.#helper
    return {
      clock: helper.clock,
      random: helper.random,
      onFault: helper.onFault,
      createSubchannel: (address, attributes) => helper.createSubchannel(address, attributes),
      requestReresolution: () => {
        if (running() === (this.#pending ?? this.#current)) helper.requestReresolution()
      },
      updateState: (state, picker) => this.#onState(running(), state, picker),
    }
  }

  /** A new policy that fails before it was usable does not take over from a usable one. */
  #onBroken(running: Running, error: ConnectError): void {
    if (running === this.#pending && this.#current?.state === 'READY') running.state = 'CONNECTING'
    else this.#onState(running, 'TRANSIENT_FAILURE', failPicker(error))
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
