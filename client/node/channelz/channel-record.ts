/** What can be seen of a channel from outside. */
import { ConnectError } from '@connectrpc/connect'
import { nextChannelzId } from '../../../wire/channelz-id.ts'
import { CallCounter } from '../contracts/call-counter.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'
import { type Address, addressText, type Endpoint } from '../contracts/endpoint.ts'
import type { ResolverResult } from '../contracts/resolver.ts'
import type { SubchannelRecord } from './subchannel-record.ts'
import { Trace } from './trace.ts'

/** What the resolver has said last. */
export interface Resolution {
  readonly at: Date
  /** Empty after a failure. */
  readonly endpoints: readonly Endpoint[]
  /** Why it failed, or why its result is of no use; null: all is well. */
  readonly error: ConnectError | null
}

/** A state has changed: that of the channel, or that of one of its addresses. */
export interface ChannelChange {
  readonly at: Date
  /** Null: it is the channel's own. */
  readonly address: Address | null
  readonly state: ConnectivityState
  /** Why an attempt to connect failed. */
  readonly error: ConnectError | undefined
}

/** The channel writes it, whoever wants to know reads it. */
export class ChannelRecord {
  readonly id = nextChannelzId()
  /** As it was given: `dns:///greeter.example:80`. */
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

  /** When the state became what it is. */
  get changedAt(): Date {
    return this.#changedAt
  }

  /** The load balancing policy that the last good result chose; null before. */
  get policyName(): string | null {
    return this.#policyName
  }

  /** Null while nothing has come. */
  get resolution(): Resolution | null {
    return this.#resolution
  }

  /** Those that are not shut down, by their ids, ascending. */
  get subchannels(): ReadonlyMap<number, SubchannelRecord> {
    return this.#subchannels
  }

  /** Tells of every change of a state; the listener must not throw. Returns a function that ends it. */
  watch(listener: (change: ChannelChange) => void): () => void {
    const own = (change: ChannelChange): void => listener(change)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  /** From the channel: it is in another state. */
  moveTo(state: ConnectivityState): void {
    this.#state = state
    this.#changedAt = new Date()
    this.trace.add(`state is ${state}`, state === 'TRANSIENT_FAILURE' ? 'CT_WARNING' : 'CT_INFO')
    this.#tell({ at: this.#changedAt, address: null, state, error: undefined })
  }

  /** From the channel: it balances by this policy from now on, or does so still. */
  choosePolicy(name: string): void {
    if (name !== this.#policyName) this.trace.add(`load balancing by ${name}`)
    this.#policyName = name
  }

  /** From the channel: the resolver has answered, and the answer is of no use for the reason that is given. */
  resolve({ endpoints }: ResolverResult, fault: ConnectError | null): void {
    const hadAny = (this.#resolution?.endpoints.length ?? 0) > 0
    const found = endpoints instanceof ConnectError ? [] : endpoints
    const error = endpoints instanceof ConnectError ? endpoints : fault
    this.#resolution = { at: new Date(), endpoints: found, error }
    if (error !== null) this.trace.add(`name resolution: ${error.rawMessage}`, 'CT_WARNING')
    else if (found.length > 0 !== hadAny) this.trace.add(`endpoints that name resolution found: ${found.length}`)
  }

  /** From the channel: it has made a subchannel. It leaves when it is shut down. */
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
