/** One connection, to the first address that answers (gRFC A61, A62). */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ScheduledTimer } from '../../../../wire/http2/http2.ts'
import type { ConnectivityState } from '../../channel/connectivity-state.ts'
import { type Address, type Attributes, addressText } from '../../channel/endpoint.ts'
import type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicy,
  LoadBalancerUpdate,
} from '../../channel/load-balancer.ts'
import { failPicker, type Picker, queuePicker } from '../../channel/picker.ts'
import type { Subchannel, SubchannelChange } from '../../channel/subchannel.ts'
import { reportEmptyList } from '../report-empty-list.ts'
import { wakingPicker } from '../waking-picker.ts'
import { addressOrder, shuffleEndpoints } from './address-order.ts'
import { type PickFirstConfig, parsePickFirstConfig } from './pick-first-config.ts'

/** What every channel has unless its service config says otherwise, and what other policies reach each endpoint by. */
export const pickFirstPolicy: LoadBalancerPolicy<PickFirstConfig> = Object.freeze({
  name: 'pick_first',
  parseConfig: parsePickFirstConfig,
  create: (helper) => new PickFirst(helper),
} satisfies LoadBalancerPolicy<PickFirstConfig>)

/** How long an attempt is alone before the next address is tried beside it (RFC 8305, section 5). */
const ATTEMPT_DELAY_MS = 250

/** A subchannel, and how it goes in this pass. */
interface Candidate {
  readonly subchannel: Subchannel
  readonly stopWatching: () => void
  progress: 'untried' | 'tried' | 'failed'
}

/**
 * A pass tries one address after the other, the next as soon as one fails or is slow. Once all have failed each is tried
 * again whenever its own backoff allows, and calls fail until one is READY. When the connection is lost the policy is IDLE.
 */
class PickFirst implements LoadBalancer<PickFirstConfig> {
  readonly #helper: ChannelControlHelper
  /** By the text of the address, in the order of the list. */
  #candidates = new Map<string, Candidate>()
  #selected: Candidate | null = null
  #stopWatchingHealth: (() => void) | null = null
  #watchesHealth = false
  #state: ConnectivityState | null = null
  #phase: 'resting' | 'first pass' | 'retrying' = 'resting'
  /** The position in the list of the last address that this pass has begun with. */
  #position = -1
  #timer: ScheduledTimer | null = null
  #failuresSincePass = 0
  #lastError: ConnectError | undefined
  #attributes: Attributes = {}

  constructor(helper: ChannelControlHelper) {
    this.#helper = helper
  }

  update({ endpoints, config, attributes }: LoadBalancerUpdate<PickFirstConfig>): ConnectError | null {
    this.#watchesHealth = config.watchesHealth
    this.#attributes = attributes
    const ordered = config.shuffleAddressList ? shuffleEndpoints(endpoints, this.#helper.random) : endpoints
    const addresses = addressOrder(ordered)
    if (addresses.length === 0) return this.#becomeEmpty()
    const selected = this.#selected
    this.#replaceCandidates(addresses)
    if (selected !== null && this.#selected === selected) return null
    if (this.#state === 'IDLE') return null
    this.#startPass()
    return null
  }

  resolverError(error: ConnectError): void {
    if (this.#candidates.size === 0) this.#publish('TRANSIENT_FAILURE', failPicker(error))
  }

  exitIdle(): void {
    if (this.#state === 'IDLE') this.#startPass()
  }

  resetBackoff(): void {
    for (const { subchannel } of this.#candidates.values()) subchannel.resetBackoff()
  }

  destroy(): void {
    this.#rest()
    this.#unselect()
    for (const candidate of this.#candidates.values()) letGo(candidate)
    this.#candidates.clear()
  }

  #becomeEmpty(): ConnectError {
    this.destroy()
    this.#state = 'TRANSIENT_FAILURE'
    return reportEmptyList(this.#helper)
  }

  /** Subchannels of addresses that stay keep their connections and their backoffs. */
  #replaceCandidates(addresses: readonly Address[]): void {
    const before = this.#candidates
    const selected = this.#selected
    const stays = selected !== null && addresses.some((address) => before.get(addressText(address)) === selected)
    if (!stays) {
      this.#rest()
      this.#unselect()
    }
    this.#candidates = new Map()
    for (const address of addresses) {
      const text = addressText(address)
      this.#candidates.set(text, before.get(text) ?? this.#createCandidate(address))
      before.delete(text)
    }
    for (const candidate of before.values()) letGo(candidate)
  }

  #createCandidate(address: Address): Candidate {
    const subchannel = this.#helper.createSubchannel(address, this.#attributes)
    const candidate: Candidate = {
      subchannel,
      stopWatching: subchannel.watch((change) => this.#onChange(candidate, change)),
      progress: 'untried',
    }
    return candidate
  }

  #startPass(): void {
    this.#phase = 'first pass'
    this.#position = -1
    for (const candidate of this.#candidates.values()) candidate.progress = 'untried'
    if (this.#state !== 'TRANSIENT_FAILURE') this.#publish('CONNECTING', queuePicker)
    this.#tryNext()
  }

  /** Goes on to the next address that is worth an attempt, and gives it a little time of its own. */
  #tryNext(): void {
    this.#stopTimer()
    const list = [...this.#candidates.values()]
    while (++this.#position < list.length) {
      const candidate = list[this.#position]
      if (candidate !== undefined && this.#try(candidate)) {
        if (this.#phase === 'first pass' && this.#position + 1 < list.length) this.#startTimer()
        return
      }
    }
    this.#endPassIfAllFailed()
  }

  /** Returns false for one that waits for its backoff. */
  #try(candidate: Candidate): boolean {
    const { subchannel } = candidate
    candidate.progress = subchannel.state === 'TRANSIENT_FAILURE' ? 'failed' : 'tried'
    if (candidate.progress === 'failed') this.#lastError = subchannel.lastError
    else if (subchannel.state === 'READY') this.#select(candidate)
    else subchannel.connect()
    return candidate.progress === 'tried'
  }

  #onChange(candidate: Candidate, { state, error }: SubchannelChange): void {
    if (state === 'TRANSIENT_FAILURE') this.#lastError = error
    if (candidate === this.#selected) this.#onSelectedChange(state)
    else if (this.#phase === 'resting') return
    else if (state === 'READY') this.#select(candidate)
    else if (state === 'TRANSIENT_FAILURE') this.#onFailure(candidate)
    else if (state === 'IDLE') this.#onIdle(candidate)
  }

  /** In the first pass, one that has failed waits for the end of it. */
  #onIdle({ subchannel, progress }: Candidate): void {
    if (this.#phase === 'retrying' || progress === 'tried') subchannel.connect()
  }

  #onFailure(candidate: Candidate): void {
    candidate.progress = 'failed'
    const current = [...this.#candidates.values()][this.#position]
    if (this.#phase === 'retrying') this.#onRetryFailure()
    else if (candidate === current) this.#tryNext()
    else this.#endPassIfAllFailed()
  }

  #endPassIfAllFailed(): void {
    const list = [...this.#candidates.values()]
    if (!list.every(({ progress }) => progress === 'failed')) return
    this.#stopTimer()
    this.#phase = 'retrying'
    this.#failuresSincePass = 0
    this.#publishFailure()
    this.#helper.requestReresolution()
    for (const { subchannel } of list) subchannel.connect()
  }

  /** As many failures as there are addresses are as good as another pass. */
  #onRetryFailure(): void {
    this.#failuresSincePass++
    if (this.#failuresSincePass % this.#candidates.size !== 0) return
    this.#publishFailure()
    this.#helper.requestReresolution()
  }

  /** The winner; the others are no longer needed, but keep their places in the list. */
  #select(winner: Candidate): void {
    this.#rest()
    this.#selected = winner
    for (const [text, candidate] of this.#candidates) {
      if (candidate === winner) continue
      letGo(candidate)
      this.#candidates.set(text, this.#createCandidate(candidate.subchannel.address))
    }
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

  #rest(): void {
    this.#phase = 'resting'
    this.#stopTimer()
  }

  #publishReady({ subchannel }: Candidate): void {
    const result = Object.freeze({ kind: 'complete', subchannel } as const)
    this.#publish('READY', { pick: () => result })
  }

  /** The last failure speaks for all. */
  #publishFailure(): void {
    const error = this.#lastError ?? new ConnectError('no address can be reached', Code.Unavailable)
    this.#publish('TRANSIENT_FAILURE', failPicker(error))
  }

  #publish(state: ConnectivityState, picker: Picker): void {
    this.#state = state
    this.#helper.updateState(state, picker)
  }

  #startTimer(): void {
    this.#timer = this.#helper.clock.schedule(() => this.#tryNext(), ATTEMPT_DELAY_MS)
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}

function letGo({ subchannel, stopWatching }: Candidate): void {
  stopWatching()
  subchannel.shutdown()
}
