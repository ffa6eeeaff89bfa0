/** The channelz record of a subchannel. */
import type { ConnectError } from '@connectrpc/connect'
import { CallCounter } from '../../../wire/channelz/call-counter.ts'
import { nextChannelzId } from '../../../wire/channelz/channelz-id.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'
import type { Address } from '../contracts/endpoint.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'
import { Trace } from './trace.ts'

/** Written by the subchannel. */
export class SubchannelRecord {
  readonly id = nextChannelzId()
  readonly address: Address
  /** Attempts of calls; a retry counts again (gRFC A14). */
  readonly calls = new CallCounter()
  readonly trace = new Trace()
  /** Called after each state change; set by the channel. */
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

  /** The time of the last state change. */
  get changedAt(): Date {
    return this.#changedAt
  }

  /** Why the last attempt failed; undefined after a success. */
  get lastError(): ConnectError | undefined {
    return this.#lastError
  }

  /** The open connections, including those that take no more calls. */
  get sockets(): readonly SocketRecord[] {
    this.#forgetClosed()
    return [...this.#sockets]
  }

  /** Records a connection. */
  addSocket(socket: SocketRecord): void {
    this.#forgetClosed()
    this.#sockets.add(socket)
  }

  /** Records a state change, with the error for TRANSIENT_FAILURE. */
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
