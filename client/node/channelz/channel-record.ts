/** The channelz record of a channel. */
import { ConnectError } from '@connectrpc/connect'
import { CallCounter } from '../../../wire/channelz/call-counter.ts'
import { nextChannelzId } from '../../../wire/channelz/channelz-id.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'
import { type Address, addressText, type Endpoint } from '../contracts/endpoint.ts'
import type { ResolverResult } from '../contracts/resolver.ts'
import type { SubchannelRecord } from './subchannel-record.ts'
import { Trace } from './trace.ts'

/** The last result of the resolver. */
export interface Resolution {
  readonly at: Date
  /** Empty after a failure. */
  readonly endpoints: readonly Endpoint[]
  /** Why it failed, or why its result is unusable; null after a success. */
  readonly error: ConnectError | null
}

/** A state change of the channel, or of one of its addresses. */
export interface ChannelChange {
  readonly at: Date
  /** Null for the channel itself. */
  readonly address: Address | null
  readonly state: ConnectivityState
  /** Why a connection attempt failed. */
  readonly error: ConnectError | undefined
}

/** Written by the channel. */
export class ChannelRecord {
  readonly id = nextChannelzId()
  /** The target as given: `dns:///greeter.example:80`. */
  readonly target: string
  /** Attempts of one call count once (gRFC A14). */
  readonly calls = new CallCounter()
  readonly trace = new Trace()
  readonly #subchannels = new Map<number, SubchannelRecord>()
  readonly #listeners = new Set<(change: ChannelChange) => void>()
  #state: ConnectivityState = 'IDLE'
  #changedAt = new Date()
  #policyName: string | null = null
  #resolution: Resolution | null = null

  constructor(target: string) {
    this.target = target
    this.trace.add('the channel was made')
  }

  get state(): ConnectivityState {
    return this.#state
  }

  /** The time of the last state change. */
  get changedAt(): Date {
    return this.#changedAt
  }

  /** The load balancing policy of the last usable result; null before the first. */
  get policyName(): string | null {
    return this.#policyName
  }

  /** Null before the first result. */
  get resolution(): Resolution | null {
    return this.#resolution
  }

  /** The subchannels that are not shut down, by ascending id. */
  get subchannels(): ReadonlyMap<number, SubchannelRecord> {
    return this.#subchannels
  }

  /** Calls the listener, which must not throw, for every state change. Returns a function that removes it. */
  watch(listener: (change: ChannelChange) => void): () => void {
    const own = (change: ChannelChange): void => listener(change)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  /** Records a state change. */
  moveTo(state: ConnectivityState): void {
    this.#state = state
    this.#changedAt = new Date()
    this.trace.add(`state is ${state}`, state === 'TRANSIENT_FAILURE' ? 'CT_WARNING' : 'CT_INFO')
    this.#tell({ at: this.#changedAt, address: null, state, error: undefined })
  }

  /** Records the load balancing policy, which may be the same. */
  choosePolicy(name: string): void {
    if (name !== this.#policyName) this.trace.add(`load balancing by ${name}`)
    this.#policyName = name
  }

  /** Records a result of the resolver, with the reason if it is unusable. */
  resolve({ endpoints }: ResolverResult, fault: ConnectError | null): void {
    const hadAny = (this.#resolution?.endpoints.length ?? 0) > 0
    const found = endpoints instanceof ConnectError ? [] : endpoints
    const error = endpoints instanceof ConnectError ? endpoints : fault
    this.#resolution = { at: new Date(), endpoints: found, error }
    if (error !== null) this.trace.add(`name resolution: ${error.rawMessage}`, 'CT_WARNING')
    else if (found.length > 0 !== hadAny) this.trace.add(`endpoints that name resolution found: ${found.length}`)
  }

  /** Records a new subchannel, which is removed when it is shut down. */
  addSubchannel(subchannel: SubchannelRecord): void {
    const { id, address } = subchannel
    this.#subchannels.set(id, subchannel)
    this.trace.add(`subchannel to ${addressText(address)} was made`, 'CT_INFO', { id, address })
    subchannel.onChange = () => this.#onSubchannelChange(subchannel)
  }

  #onSubchannelChange({ id, address, state, changedAt, lastError }: SubchannelRecord): void {
    if (state === 'SHUTDOWN') {
      this.#subchannels.delete(id)
      this.trace.add(`subchannel to ${addressText(address)} was shut down`, 'CT_INFO', { id, address })
    }
    const error = state === 'TRANSIENT_FAILURE' ? lastError : undefined
    this.#tell({ at: changedAt, address, state, error })
  }

  #tell(change: ChannelChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}
