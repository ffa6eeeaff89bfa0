/** Ejects endpoints whose calls fail more often than those of others, for a while (gRFC A50). */
import type { ConnectError } from '@connectrpc/connect'
import type { CallCounter } from '../../../../wire/channelz/call-counter.ts'
import type { ScheduledTimer } from '../../../../wire/http2/http2.ts'
import { type Address, type Attributes, addressKey, type Endpoint } from '../../contracts/endpoint.ts'
import type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicy,
  LoadBalancerUpdate,
} from '../../contracts/load-balancer.ts'
import type { Picker } from '../../contracts/picker.ts'
import type { Subchannel } from '../../contracts/subchannel.ts'
import { endpointKey } from '../endpoint-children/endpoint-key.ts'
import { GracefulSwitch } from '../graceful-switch/graceful-switch.ts'
import { observePick } from '../parts/observe-pick.ts'
import { EjectableSubchannel } from './ejectable-subchannel.ts'
import { ejectOutliers } from './find-outliers.ts'
import { Host } from './host.ts'
import { type OutlierDetectionConfig, parseOutlierDetectionConfig } from './outlier-detection-config.ts'

/** The policy for service configs. Its child must observe health, which pick_first alone does not. */
export const outlierDetectionPolicy: LoadBalancerPolicy<OutlierDetectionConfig> = Object.freeze({
  name: 'outlier_detection_experimental',
  parseConfig: parseOutlierDetectionConfig,
  create: (helper) => new OutlierDetection(helper),
} satisfies LoadBalancerPolicy<OutlierDetectionConfig>)

/** Evaluates all endpoints once per interval. To the child, an ejected endpoint is unhealthy. */
class OutlierDetection implements LoadBalancer<OutlierDetectionConfig> {
  readonly #helper: ChannelControlHelper
  readonly #child: GracefulSwitch
  #hosts = new Map<string, Host>()
  #hostByAddress = new Map<string, Host>()
  /** Hosts by the call counter of a subchannel, which is the same for all wrappers of the subchannel. */
  readonly #hostByCounter = new WeakMap<CallCounter, Host>()
  #timer: ScheduledTimer | null = null
  #sweptAtMs = 0

  constructor(helper: ChannelControlHelper) {
    this.#helper = helper
    this.#child = new GracefulSwitch({
      clock: helper.clock,
      random: helper.random,
      onFault: helper.onFault,
      createSubchannel: (address, attributes) => this.#createSubchannel(address, attributes),
      requestReresolution: () => helper.requestReresolution(),
      updateState: (state, picker) => helper.updateState(state, this.#counting(picker)),
    })
  }

  update({ endpoints, attributes, config }: LoadBalancerUpdate<OutlierDetectionConfig>): ConnectError | null {
    this.#replaceHosts(endpoints)
    this.#applyConfig(config)
    return this.#child.update({ endpoints, attributes, config: config.child })
  }

  resolverError(error: ConnectError): void {
    this.#child.resolverError(error)
  }

  exitIdle(): void {
    this.#child.exitIdle()
  }

  resetBackoff(): void {
    this.#child.resetBackoff()
  }

  destroy(): void {
    this.#stopTimer()
    this.#child.destroy()
  }

  #replaceHosts(endpoints: readonly Endpoint[]): void {
    const before = this.#hosts
    this.#hosts = new Map()
    this.#hostByAddress = new Map()
    for (const endpoint of endpoints) {
      const key = endpointKey(endpoint)
      const host = this.#hosts.get(key) ?? before.get(key) ?? new Host()
      this.#hosts.set(key, host)
      for (const address of endpoint.addresses) this.#hostByAddress.set(addressKey(address), host)
    }
  }

  /** Applies a config. A new interval counts from the last evaluation. Without an algorithm, all ejections end. */
  #applyConfig(config: OutlierDetectionConfig): void {
    const wasActive = this.#timer !== null
    this.#stopTimer()
    if (config.successRate === null && config.failurePercentage === null) {
      for (const host of this.#hosts.values()) host.reset()
      return
    }
    if (!wasActive) this.#beginInterval()
    const dueInMs = this.#sweptAtMs + config.intervalMs - this.#helper.clock.now()
    this.#timer = this.#helper.clock.schedule(() => this.#sweep(config), Math.max(0, dueInMs))
  }

  #beginInterval(): void {
    this.#sweptAtMs = this.#helper.clock.now()
    for (const host of this.#hosts.values()) host.swapBuckets()
  }

  #sweep(config: OutlierDetectionConfig): void {
    const { clock, random } = this.#helper
    this.#beginInterval()
    const hosts = [...this.#hosts.values()]
    const nowMs = clock.now()
    ejectOutliers(config, { hosts, nowMs, random })
    const times = { baseMs: config.baseEjectionTimeMs, maxMs: config.maxEjectionTimeMs }
    for (const host of hosts) host.age(nowMs, times)
    this.#timer = clock.schedule(() => this.#sweep(config), config.intervalMs)
  }

  #createSubchannel(address: Address, attributes: Attributes): Subchannel {
    const inner = this.#helper.createSubchannel(address, attributes)
    const host = this.#hostByAddress.get(addressKey(address))
    if (host === undefined) return inner
    const subchannel = new EjectableSubchannel(inner, (closed) => host.delete(closed))
    host.add(subchannel)
    this.#hostByCounter.set(subchannel.calls, host)
    return subchannel
  }

  #counting(picker: Picker): Picker {
    return {
      pick: (call) => {
        const result = picker.pick(call)
        const host = result.kind === 'complete' ? this.#hostByCounter.get(result.subchannel.calls) : undefined
        return host === undefined ? result : observePick(result, { onEnd: (outcome) => host.count(outcome) })
      },
    }
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
