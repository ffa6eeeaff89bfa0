/** The endpoint with the fewest calls under way, of a few that chance draws (gRFC A48). */
import type { ChannelControlHelper, LoadBalancer, LoadBalancerPolicy } from '../../contracts/load-balancer.ts'
import { type Picker, QUEUE } from '../../contracts/picker.ts'
import { FieldReader, UINT32 } from '../../service-config/field-reader.ts'
import { EndpointBalancer } from '../endpoint-children/endpoint-balancer.ts'
import type { EndpointChild } from '../endpoint-children/endpoint-child.ts'
import { observePick } from '../parts/observe-pick.ts'

/** What least_request can be told. */
export interface LeastRequestConfig {
  /** How many are drawn for a call; one may be drawn twice. From 2 to 10; higher numbers count as 10. Default 2. */
  readonly choiceCount: number
}

const DEFAULT_CHOICES = 2
const MAX_CHOICES = 10

/** By the name that service configs use. */
export const leastRequestPolicy: LoadBalancerPolicy<LeastRequestConfig> = Object.freeze({
  name: 'least_request_experimental',
  parseConfig(json) {
    const fields = new FieldReader(json)
    const choiceCount = fields.integer('choiceCount', { min: 2, max: UINT32.max }) ?? DEFAULT_CHOICES
    fields.finish()
    return Object.freeze({ choiceCount: Math.min(choiceCount, MAX_CHOICES) })
  },
  create: createLeastRequest,
} satisfies LoadBalancerPolicy<LeastRequestConfig>)

/** Calls under way. */
interface Load {
  active: number
}

/** A way to one endpoint. */
interface Choice {
  readonly picker: Picker
  readonly load: Load
}

function createLeastRequest(helper: ChannelControlHelper): LoadBalancer<LeastRequestConfig> {
  // The calls under way are the endpoint's, whatever pickers come and go.
  const loads = new WeakMap<EndpointChild, Load>()
  return new EndpointBalancer(helper, { choiceCount: DEFAULT_CHOICES }, (ready, { choiceCount }) => {
    const choices = ready.map((child) => {
      const load = loads.get(child) ?? { active: 0 }
      loads.set(child, load)
      return { picker: child.picker, load }
    })
    return leastLoadedPicker(choices, { choiceCount, random: helper.random })
  })
}

interface Draw {
  readonly choiceCount: number
  readonly random: () => number
}

function leastLoadedPicker(choices: readonly Choice[], { choiceCount, random }: Draw): Picker {
  const draw = (): Choice | undefined => choices[Math.floor(random() * choices.length)]
  return {
    pick(call) {
      let best = draw()
      for (let drawn = 1; drawn < choiceCount; drawn++) {
        const other = draw()
        if (best === undefined || (other !== undefined && other.load.active < best.load.active)) best = other
      }
      return best === undefined ? QUEUE : observePick(best.picker.pick(call), countingObserver(best.load))
    },
  }
}

function countingObserver(load: Load) {
  return {
    onStart: () => {
      load.active++
    },
    onEnd: () => {
      load.active--
    },
  }
}
