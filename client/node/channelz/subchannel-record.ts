/** What can be seen of a subchannel from outside. */
import type { ConnectError } from '@connectrpc/connect'
import { nextChannelzId } from '../../../wire/channelz-id.ts'
import { CallCounter } from '../contracts/call-counter.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'
import type { Address } from '../contracts/endpoint.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'
import { Trace } from './trace.ts'

/** The subchannel writes it, whoever wants to know reads it. */
export class SubchannelRecord {
  readonly id = nextChannelzId()
  readonly address: Address
  /** Attempts of calls: one that is tried again counts again (gRFC A14). */
  readonly calls = new CallCounter()
  readonly trace = new Trace()
  /** Told of each change of the state, after it; set by the channel. */
  onChange: (() => void) | null = null
  #state: ConnectivityState = 'IDLE'
  #changedAt = new Date()
  #lastError: ConnectError | undefined
  readonly #sockets = new Set<SocketRecord>()

  constructor(address: Address) {
    this.address = address
  }

  get state(): ConnectivityState {
    return this.#state
  }

  /** When the state became what it is. */
  get changedAt(): Date {
    return this.#changedAt
  }

  /** Why the last attempt failed, until one succeeds. */
  get lastError(): ConnectError | undefined {
    return this.#lastError
  }

  /** The connections that are open, also those that take no more calls. */
  get sockets(): readonly SocketRecord[] {
    this.#forgetClosed()
    return [...this.#sockets]
  }

  /** From the subchannel: there is a connection. */
  addSocket(socket: SocketRecord): void {
    this.#forgetClosed()
    this.#sockets.add(socket)
  }

  /** From the subchannel: it is in another state, and for TRANSIENT_FAILURE why. */
  moveTo(state: ConnectivityState, error?: ConnectError): void {
    this.#state = state
    this.#changedAt = new Date()
    if (error !== undefined) this.#lastError = error
    else if (state === 'READY') this.#lastError = undefined
    if (error === undefined) this.trace.add(`state is ${state}`)
    else this.trace.add(`state is ${state}: ${error.rawMessage}`, 'CT_WARNING')
    this.onChange?.()
  }

  #forgetClosed(): void {
    for (const socket of this.#sockets) if (!socket.isOpen) this.#sockets.delete(socket)
  }
}
