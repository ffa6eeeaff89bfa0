/** A policy that connects to all endpoints. Policies of this kind differ only in their pickers. */
import type { ConnectError } from '@connectrpc/connect'
import type { ChannelControlHelper, LoadBalancer, LoadBalancerUpdate } from '../../contracts/load-balancer.ts'
import type { Picker } from '../../contracts/picker.ts'
import type { EndpointChild } from './endpoint-child.ts'
import { EndpointChildren } from './endpoint-children.ts'

/** Creates a picker for the READY endpoints, of which there is at least one. Called after every change. */
export type CreatePicker<Config> = (ready: readonly EndpointChild[], config: Config) => Picker

/** Created by the policy for each channel. */
export class EndpointBalancer<Config> implements LoadBalancer<Config> {
  readonly #children: EndpointChildren
  readonly #onDestroy: () => void
  #config: Config

  /**
   * @param config the config until the first update
   * @param onDestroy called once, at the end
   */
  constructor(
    helper: ChannelControlHelper,
    config: Config,
    createPicker: CreatePicker<Config>,
    onDestroy: () => void = () => {},
  ) {
    this.#onDestroy = onDestroy
    this.#config = config
    this.#children = new EndpointChildren(helper, (ready) => createPicker(ready, this.#config))
  }

  update({ endpoints, attributes, config }: LoadBalancerUpdate<Config>): ConnectError | null {
    this.#config = config
    return this.#children.update(endpoints, attributes)
  }

  /** Creates a new picker, as the data behind the current one has changed. */
  refresh(): void {
    this.#children.publish()
  }

  resolverError(error: ConnectError): void {
    this.#children.resolverError(error)
  }

  /** Does nothing, as this policy is never IDLE. */
  exitIdle(): void {}

  resetBackoff(): void {
    this.#children.resetBackoff()
  }

  destroy(): void {
    this.#onDestroy()
    this.#children.destroy()
  }
}
