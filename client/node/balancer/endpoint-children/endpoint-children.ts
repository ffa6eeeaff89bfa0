/** The endpoints of a policy that keeps a connection to each of them (gRFC A61). */
import type { ConnectError } from '@connectrpc/connect'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type { Attributes, Endpoint } from '../../contracts/endpoint.ts'
import type { ChannelControlHelper } from '../../contracts/load-balancer.ts'
import { failPicker, type Picker, queuePicker } from '../../contracts/picker.ts'
import { reportEmptyList } from '../parts/report-empty-list.ts'
import { aggregateState } from './aggregate-state.ts'
import { EndpointChild } from './endpoint-child.ts'
import { type ChildMap, matchChildren } from './match-children.ts'

/** Those who are READY get the calls, by a picker that the policy makes of them. */
export class EndpointChildren {
  readonly #helper: ChannelControlHelper
  readonly #createPicker: (ready: readonly EndpointChild[]) => Picker
  #children: ChildMap = new Map()
  #isBusy = false

  /** @param createPicker called with at least one child, whenever something has changed; it takes the children's pickers now */
  constructor(helper: ChannelControlHelper, createPicker: (ready: readonly EndpointChild[]) => Picker) {
    this.#helper = helper
    this.#createPicker = createPicker
  }

  /** Who stays keeps its connection. Each endpoint counts once. */
  update(endpoints: readonly Endpoint[], attributes: Attributes): ConnectError | null {
    this.#isBusy = true
    this.#children = matchChildren(this.#children, endpoints, (endpoint, known) => {
      const child = known ?? new EndpointChild(endpoint, this.#helper, () => this.#onChange())
      child.update(endpoint, attributes)
      return child
    })
    this.#isBusy = false
    return this.#children.size === 0 ? reportEmptyList(this.#helper) : this.publish()
  }

  resolverError(error: ConnectError): void {
    if (this.#children.size === 0) this.#helper.updateState('TRANSIENT_FAILURE', failPicker(error))
  }

  resetBackoff(): void {
    for (const child of this.#children.values()) child.resetBackoff()
  }

  destroy(): void {
    for (const child of this.#children.values()) child.destroy()
    this.#children = new Map()
  }

  /** Publishes what holds now; also for policies whose pickers change by themselves. */
  publish(): null {
    const children = [...this.#children.values()]
    const state = aggregateState(children.map((child) => child.state))
    this.#helper.updateState(state, this.#pickerFor(state, children))
    return null
  }

  #pickerFor(state: ConnectivityState, children: readonly EndpointChild[]): Picker {
    if (state === 'READY') return this.#createPicker(children.filter((child) => child.state === 'READY'))
    // All have failed: any of them can say why.
    return state === 'CONNECTING' ? queuePicker : (children.at(-1)?.picker ?? queuePicker)
  }

  #onChange(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    for (const child of this.#children.values()) {
      if (child.state === 'IDLE') child.connect()
    }
    this.#isBusy = false
    this.publish()
  }
}
