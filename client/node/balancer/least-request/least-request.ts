/** Picks the endpoint with the fewest calls in flight, of a few random ones (gRFC A48). */
import type { ChannelControlHelper, LoadBalancer, LoadBalancerPolicy } from '../../contracts/load-balancer.ts'
import { type Picker, QUEUE } from '../../contracts/picker.ts'
import { FieldReader, UINT32 } from '../../service-config/field-reader.ts'
import { EndpointBalancer } from '../endpoint-children/endpoint-balancer.ts'
import type { EndpointChild } from '../endpoint-children/endpoint-child.ts'
import { observePick } from '../parts/observe-pick.ts'

/** The config of least_request. */
export interface LeastRequestConfig {
  /** Number of random endpoints per call; one may be drawn twice. From 2 to 10; higher numbers count as 10. Default 2. */
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

/** Calls in flight. */
interface Load {
  active: number
}

/** An endpoint, and the calls in flight to it. */
interface Choice {
  readonly picker: Picker
  readonly load: Load
}

function createLeastRequest(helper: ChannelControlHelper): LoadBalancer<LeastRequestConfig> {
  // Calls in flight are counted per endpoint, across pickers.
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
