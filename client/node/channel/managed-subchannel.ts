/** A subchannel: connects when asked, backs off after failures, tells what became of it. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock, ScheduledTimer } from '../../../wire/http2/http2.ts'
import { type Backoff, backoffDelayMs } from '../../core/backoff.ts'
import { MIN_CONNECT_TIMEOUT_MS } from './connection-backoff.ts'
import type { ConnectivityState } from './connectivity-state.ts'
import type { ConnectionAttempt, Connector, Departure } from './connector.ts'
import { type Address, addressText } from './endpoint.ts'
import type { Subchannel, SubchannelConnection, SubchannelListener } from './subchannel.ts'

/** What a subchannel works with. */
export interface ManagedSubchannelOptions {
  readonly connector: Connector
  readonly backoff: Backoff
  readonly clock: Clock
  /** A number from 0 to below 1. */
  readonly random: () => number
}

/**
 * The states of gRFC A61: IDLE -> CONNECTING -> READY -> IDLE, and CONNECTING -> TRANSIENT_FAILURE -> IDLE once the backoff is
 * over. It never connects of its own accord.
 */
export class ManagedSubchannel implements Subchannel {
  readonly address: Address
  readonly #options: ManagedSubchannelOptions
  readonly #listeners = new Set<SubchannelListener>()
  #state: ConnectivityState = 'IDLE'
  #lastError: ConnectError | undefined
  #connection: SubchannelConnection | null = null
  #attempt: ConnectionAttempt | null = null
  /** The deadline of an attempt, then the end of its backoff. */
  #timer: ScheduledTimer | null = null
  #failures = 0
  #backoffEndsAtMs = 0

  constructor(address: Address, options: ManagedSubchannelOptions) {
    this.address = address
    this.#options = options
  }

  get state(): ConnectivityState {
    return this.#state
  }

  get lastError(): ConnectError | undefined {
    return this.#lastError
  }

  get connection(): SubchannelConnection | null {
    return this.#connection
  }

  connect(): void {
    if (this.#state !== 'IDLE') return
    const { clock, connector, backoff, random } = this.#options
    const waitMs = backoffDelayMs(backoff, this.#failures + 1, random)
    this.#backoffEndsAtMs = clock.now() + waitMs
    const timeoutMs = Math.max(waitMs, MIN_CONNECT_TIMEOUT_MS)
    this.#timer = clock.schedule(() => this.#giveUp(timeoutMs), timeoutMs)
    this.#attempt = connector.connect(this.address, {
      onReady: (connection) => this.#onReady(connection),
      onFailed: (error) => this.#onFailed(error),
      onLeaving: (departure) => this.#onLeaving(departure),
    })
    this.#moveTo('CONNECTING')
  }

  resetBackoff(): void {
    this.#failures = 0
    this.#backoffEndsAtMs = 0
    if (this.#state === 'TRANSIENT_FAILURE') this.#becomeIdle()
  }

  watch(listener: SubchannelListener): () => void {
    // A listener of its own each time, so that watching twice with the same function is two watches.
    const own: SubchannelListener = (change) => listener(change)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  watchHealth(listener: SubchannelListener): () => void {
    const stop = this.watch(listener)
    const own = { isWatching: true }
    queueMicrotask(() => {
      if (own.isWatching) listener({ state: this.#state, error: this.#lastError })
    })
    return () => {
      own.isWatching = false
      stop()
    }
  }

  shutdown(): void {
    if (this.#state === 'SHUTDOWN') return
    this.#clearTimer()
    this.#listeners.clear()
    this.#attempt?.close()
    this.#attempt = null
    this.#connection = null
    this.#state = 'SHUTDOWN'
  }

  #onReady(connection: SubchannelConnection): void {
    this.#clearTimer()
    this.#failures = 0
    this.#connection = connection
    this.#moveTo('READY')
  }

  #onFailed(error: ConnectError): void {
    this.#clearTimer()
    this.#attempt = null
    this.#failures += 1
    this.#waitForBackoff(error)
  }

  #giveUp(timeoutMs: number): void {
    this.#attempt?.close()
    const message = `no connection to ${addressText(this.address)} within ${timeoutMs} ms`
    this.#onFailed(new ConnectError(message, Code.Unavailable))
  }

  /** A server that hangs up on everybody, as soon as they are there, must not be called again in a tight loop. */
  #onLeaving({ error, hasServed }: Departure): void {
    this.#attempt = null
    this.#connection = null
    const hasBackoff = this.#options.clock.now() < this.#backoffEndsAtMs
    if (hasBackoff && !hasServed) this.#waitForBackoff(error)
    else this.#becomeIdle()
  }

  #waitForBackoff(error: ConnectError): void {
    const { clock } = this.#options
    const delayMs = Math.max(0, this.#backoffEndsAtMs - clock.now())
    this.#timer = clock.schedule(() => this.#becomeIdle(), delayMs)
    this.#moveTo('TRANSIENT_FAILURE', error)
  }

  #becomeIdle(): void {
    this.#clearTimer()
    this.#moveTo('IDLE')
  }

  #clearTimer(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #moveTo(state: ConnectivityState, error?: ConnectError): void {
    this.#state = state
    this.#lastError = error
    for (const listener of this.#listeners) queueMicrotask(() => this.#tell(listener, state, error))
  }

  /** Whoever has stopped watching meanwhile is not told. */
  #tell(listener: SubchannelListener, state: ConnectivityState, error: ConnectError | undefined): void {
    if (this.#listeners.has(listener)) listener({ state, error })
  }
}
