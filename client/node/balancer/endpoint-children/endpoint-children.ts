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

/** The READY children receive the calls, by a picker that the policy creates. */
export class EndpointChildren {
  readonly #helper: ChannelControlHelper
  readonly #createPicker: (ready: readonly EndpointChild[]) => Picker
  #children: ChildMap = new Map()
  #isBusy = false

  /** @param createPicker called with at least one child after every change; it must read the pickers of the children immediately */
  constructor(helper: ChannelControlHelper, createPicker: (ready: readonly EndpointChild[]) => Picker) {
    this.#helper = helper
    this.#createPicker = createPicker
  }

  /** Updates the list. Endpoints that stay keep their connections; duplicates count once. */
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

  /** Publishes the current state and picker. Policies whose pickers change on their own call it, too. */
  publish(): null {
    const children = [...this.#children.values()]
    const state = aggregateState(children.map((child) => child.state))
    this.#helper.updateState(state, this.#pickerFor(state, children))
    return null
  }

  #pickerFor(state: ConnectivityState, children: readonly EndpointChild[]): Picker {
    if (state === 'READY') return this.#createPicker(children.filter((child) => child.state === 'READY'))
    // All have failed, so the error of any of them will do.
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
