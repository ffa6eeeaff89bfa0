/** One connection, to the first address that answers (gRFC A61, A62). */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type { Address, Attributes } from '../../contracts/endpoint.ts'
import type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicy,
  LoadBalancerUpdate,
} from '../../contracts/load-balancer.ts'
import { failPicker, type Picker, queuePicker } from '../../contracts/picker.ts'
import type { SubchannelChange } from '../../contracts/subchannel.ts'
import { reportEmptyList } from '../parts/report-empty-list.ts'
import { wakingPicker } from '../parts/waking-picker.ts'
import { addressOrder, shuffleEndpoints } from './address-order.ts'
import { type Candidate, CandidateList } from './candidate-list.ts'
import { ConnectPass } from './connect-pass.ts'
import { type PickFirstConfig, parsePickFirstConfig } from './pick-first-config.ts'

/** The default policy of channels, and the policy by which others connect to each endpoint. */
export const pickFirstPolicy: LoadBalancerPolicy<PickFirstConfig> = Object.freeze({
  name: 'pick_first',
  parseConfig: parsePickFirstConfig,
  create: (helper) => new PickFirst(helper),
} satisfies LoadBalancerPolicy<PickFirstConfig>)

/**
 * Without a connection, a pass tries the addresses. Once all have failed, calls fail until one is READY. After losing the connection the
 * policy is IDLE.
 */
class PickFirst implements LoadBalancer<PickFirstConfig> {
  readonly #helper: ChannelControlHelper
  readonly #candidates: CandidateList
  readonly #pass: ConnectPass
  #selected: Candidate | null = null
  #stopWatchingHealth: (() => void) | null = null
  #watchesHealth = false
  #state: ConnectivityState | null = null
  #attributes: Attributes = {}

  constructor(helper: ChannelControlHelper) {
    this.#helper = helper
    this.#candidates = new CandidateList({
      createSubchannel: (address) => helper.createSubchannel(address, this.#attributes),
      onChange: (candidate, change) => this.#onChange(candidate, change),
    })
    this.#pass = new ConnectPass(this.#candidates, helper.clock, {
      onReady: (winner) => this.#select(winner),
      onAllFailed: (error) => this.#fail(error),
    })
  }

  update({ endpoints, config, attributes }: LoadBalancerUpdate<PickFirstConfig>): ConnectError | null {
    this.#watchesHealth = config.watchesHealth
    this.#attributes = attributes
    const ordered = config.shuffleAddressList ? shuffleEndpoints(endpoints, this.#helper.random) : endpoints
    const addresses = addressOrder(ordered)
    if (addresses.length === 0) return this.#becomeEmpty()
    const isKept = this.#replaceCandidates(addresses)
    if (!isKept && this.#state !== 'IDLE') this.#startPass()
    return null
  }

  resolverError(error: ConnectError): void {
    if (this.#candidates.size === 0) this.#publish('TRANSIENT_FAILURE', failPicker(error))
  }

  exitIdle(): void {
    if (this.#state === 'IDLE') this.#startPass()
  }

  resetBackoff(): void {
    for (const { subchannel } of this.#candidates.all) subchannel.resetBackoff()
  }

  destroy(): void {
    this.#pass.stop()
    this.#unselect()
    this.#candidates.clear()
    // An outdated picker may still wake the policy.
    this.#state = null
  }

  #becomeEmpty(): ConnectError {
    this.destroy()
    this.#state = 'TRANSIENT_FAILURE'
    return reportEmptyList(this.#helper)
  }

  /** Replaces the addresses. Returns whether the connection stays, as its address is still in the list. */
  #replaceCandidates(addresses: readonly Address[]): boolean {
    const isKept = this.#selected !== null && this.#candidates.isAmong(this.#selected, addresses)
    if (!isKept) {
      this.#pass.stop()
      this.#unselect()
    }
    this.#candidates.replace(addresses)
    return isKept
  }

  #startPass(): void {
    if (this.#state !== 'TRANSIENT_FAILURE') this.#publish('CONNECTING', queuePicker)
    this.#pass.start()
  }

  #onChange(candidate: Candidate, change: SubchannelChange): void {
    if (candidate === this.#selected) this.#onSelectedChange(change.state)
    else this.#pass.onChange(candidate, change)
  }

  #select(winner: Candidate): void {
    this.#selected = winner
    this.#candidates.keepOnly(winner)
    if (this.#watchesHealth) this.#waitForHealth(winner)
    else this.#publishReady(winner)
  }

  #waitForHealth(winner: Candidate): void {
    if (this.#state !== 'TRANSIENT_FAILURE') this.#publish('CONNECTING', queuePicker)
    this.#stopWatchingHealth = winner.subchannel.watchHealth((change) => this.#onHealth(winner, change))
  }

  #onHealth(winner: Candidate, { state, error }: SubchannelChange): void {
    if (winner !== this.#selected) return
    if (state === 'READY') this.#publishReady(winner)
    else if (state === 'CONNECTING') this.#publish('CONNECTING', queuePicker)
    else if (state === 'TRANSIENT_FAILURE') {
      this.#publish(state, failPicker(error ?? new ConnectError('the endpoint is not healthy', Code.Unavailable)))
    }
  }

  #onSelectedChange(state: ConnectivityState): void {
    if (state === 'READY') return
    this.#unselect()
    this.#publish('IDLE', wakingPicker(this))
    this.#helper.requestReresolution()
  }

  #unselect(): void {
    this.#stopWatchingHealth?.()
    this.#stopWatchingHealth = null
    this.#selected = null
  }

  #publishReady({ subchannel }: Candidate): void {
    const result = Object.freeze({ kind: 'complete', subchannel } as const)
    this.#publish('READY', { pick: () => result })
  }

  #fail(error: ConnectError): void {
    this.#publish('TRANSIENT_FAILURE', failPicker(error))
    this.#helper.requestReresolution()
  }

  #publish(state: ConnectivityState, picker: Picker): void {
    this.#state = state
    this.#helper.updateState(state, picker)
  }
}
