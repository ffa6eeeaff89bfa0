/** Picks endpoints in turn, in proportion to their reported capacity (gRFC A58). */
import type { ScheduledTimer } from '../../../../wire/http2/http2.ts'
import { weightOf } from '../../contracts/endpoint.ts'
import type { ChannelControlHelper, LoadBalancerPolicy } from '../../contracts/load-balancer.ts'
import { type Picker, QUEUE } from '../../contracts/picker.ts'
import { findLoadReport, type LoadReport } from '../../orca/load-report.ts'
import { EndpointBalancer } from '../endpoint-children/endpoint-balancer.ts'
import type { EndpointChild } from '../endpoint-children/endpoint-child.ts'
import { observePick } from '../parts/observe-pick.ts'
import { rotatingPicker } from '../round-robin/rotating-picker.ts'
import { EndpointWeight } from './endpoint-weight.ts'
import { OutOfBandReports } from './out-of-band-reports.ts'
import { createStaticStride } from './static-stride.ts'
import {
  DEFAULT_WEIGHTED_ROUND_ROBIN,
  parseWeightedRoundRobinConfig,
  type WeightedRoundRobinConfig,
} from './weighted-round-robin-config.ts'

/**
 * The policy for service configs. Servers report in the trailers of calls, or out of band. Until two have reported, the weights from name
 * resolution are used.
 */
export const weightedRoundRobinPolicy: LoadBalancerPolicy<WeightedRoundRobinConfig> = Object.freeze({
  name: 'weighted_round_robin',
  parseConfig: parseWeightedRoundRobinConfig,
  create(helper) {
    const pickers = new WeightedPickers(helper, () => balancer.refresh())
    const balancer: EndpointBalancer<WeightedRoundRobinConfig> = new EndpointBalancer(
      helper,
      DEFAULT_WEIGHTED_ROUND_ROBIN,
      (ready, config) => pickers.create(ready, config),
      () => pickers.stop(),
    )
    return balancer
  },
} satisfies LoadBalancerPolicy<WeightedRoundRobinConfig>)

/** A weight, and the connection that it belongs to. */
interface KnownWeight {
  readonly weight: EndpointWeight
  /** The {@link EndpointChild.timesReady} at that time. */
  timesReady: number
}

/** Creates pickers from the current weights, and refreshes them when the weights may have changed. */
class WeightedPickers {
  readonly #helper: ChannelControlHelper
  readonly #onStale: () => void
  readonly #weights = new WeakMap<EndpointChild, KnownWeight>()
  readonly #outOfBand = new OutOfBandReports((child, report) => this.#onReport(child, report))
  #config = DEFAULT_WEIGHTED_ROUND_ROBIN
  #timer: ScheduledTimer | null = null

  constructor(helper: ChannelControlHelper, onStale: () => void) {
    this.#helper = helper
    this.#onStale = onStale
  }

  create(ready: readonly EndpointChild[], config: WeightedRoundRobinConfig): Picker {
    const { clock, random } = this.#helper
    this.#config = config
    this.#timer?.cancel()
    this.#timer = clock.schedule(this.#onStale, config.weightUpdatePeriodMs)
    const known = ready.map((child) => this.#weightOf(child))
    this.#outOfBand.watch(config.enableOobLoadReport ? ready : [], config.oobReportingPeriodMs)
    const pickers = ready.map((child) => (config.enableOobLoadReport ? child.picker : this.#reporting(child)))
    const reported = known.map((weight) => weight.current(config, clock.now()))
    const isReported = reported.filter((weight) => weight > 0).length >= 2
    const weights = isReported ? reported : ready.map(({ endpoint }) => weightOf(endpoint))
    const isWeighted = isReported || weights.some((weight) => weight !== weights[0])
    return isWeighted ? weightedPicker(pickers, weights, random) : rotatingPicker(pickers, random)
  }

  stop(): void {
    this.#outOfBand.watch([], 0)
    this.#timer?.cancel()
    this.#timer = null
  }

  #weightOf(child: EndpointChild): EndpointWeight {
    const { timesReady } = child
    const known = this.#weights.get(child) ?? { weight: new EndpointWeight(), timesReady }
    if (known.timesReady !== timesReady) known.weight.restart()
    known.timesReady = timesReady
    this.#weights.set(child, known)
    return known.weight
  }

  #reporting(child: EndpointChild): Picker {
    const { picker } = child
    return {
      pick: (call) =>
        observePick(picker.pick(call), {
          onEnd: ({ trailers }) => {
            const report = findLoadReport(trailers)
            if (report !== undefined) this.#onReport(child, report)
          },
        }),
    }
  }

  #onReport(child: EndpointChild, report: LoadReport): void {
    this.#weights.get(child)?.weight.report(report, this.#config, this.#helper.clock.now())
  }
}

function weightedPicker(pickers: readonly Picker[], weights: readonly number[], random: () => number): Picker {
  const nextIndex = createStaticStride(weights, random())
  return { pick: (call) => pickers[nextIndex()]?.pick(call) ?? QUEUE }
}
