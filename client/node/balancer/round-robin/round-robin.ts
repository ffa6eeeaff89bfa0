/** Every endpoint in turn. */
import type { ConnectError } from '@connectrpc/connect'
import type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicy,
  LoadBalancerUpdate,
} from '../../channel/load-balancer.ts'
import { type Picker, QUEUE } from '../../channel/picker.ts'
import { FieldReader } from '../../service-config/field-reader.ts'
import { EndpointChildren } from '../endpoint-children/endpoint-children.ts'

/** Has nothing that can be set. */
export const roundRobinPolicy: LoadBalancerPolicy<null> = Object.freeze({
  name: 'round_robin',
  parseConfig(json) {
    new FieldReader(json).finish()
    return null
  },
  create: (helper) => new RoundRobin(helper),
} satisfies LoadBalancerPolicy<null>)

/** Each picker starts at a place of its own, so that many clients do not all begin with the same endpoint. */
export function rotatingPicker(pickers: readonly Picker[], random: () => number): Picker {
  let next = Math.floor(random() * pickers.length)
  return {
    pick(call) {
      const picker = pickers[next]
      next = (next + 1) % pickers.length
      return picker === undefined ? QUEUE : picker.pick(call)
    },
  }
}

class RoundRobin implements LoadBalancer<null> {
  readonly #children: EndpointChildren

  constructor(helper: ChannelControlHelper) {
    this.#children = new EndpointChildren(helper, (ready) =>
      rotatingPicker(
        ready.map((child) => child.picker),
        helper.random,
      ),
    )
  }

  update({ endpoints, attributes }: LoadBalancerUpdate<null>): ConnectError | null {
    return this.#children.update(endpoints, attributes)
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
    this.#children.destroy()
  }
}
