/** A policy that keeps connections to all endpoints, and differs from others of its kind only in whom it picks. */
import type { ConnectError } from '@connectrpc/connect'
import type { ChannelControlHelper, LoadBalancer, LoadBalancerUpdate } from '../../contracts/load-balancer.ts'
import type { Picker } from '../../contracts/picker.ts'
import type { EndpointChild } from './endpoint-child.ts'
import { EndpointChildren } from './endpoint-children.ts'

/** Makes a picker of the endpoints that are READY, of which there is at least one. Called whenever something has changed. */
export type CreatePicker<Config> = (ready: readonly EndpointChild[], config: Config) => Picker

/** Made by the policy for each channel. */
export class EndpointBalancer<Config> implements LoadBalancer<Config> {
  readonly #children: EndpointChildren
  readonly #onDestroy: () => void
  #config: Config

  /**
   * @param config what holds until the first update
   * @param onDestroy called once, when all is over
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

  /** Makes a new picker, as what the last one was made of is out of date. */
  refresh(): void {
    this.#children.publish()
  }

  resolverError(error: ConnectError): void {
    this.#children.resolverError(error)
  }

  /** It never is. */
  exitIdle(): void {}

  resetBackoff(): void {
    this.#children.resetBackoff()
  }

  destroy(): void {
    this.#onDestroy()
    this.#children.destroy()
  }
}
