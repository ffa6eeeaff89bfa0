/** A subchannel: connects on request, backs off after failures, and reports its state. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { CallCounter } from '../../../wire/channelz/call-counter.ts'
import type { ScheduledTimer } from '../../../wire/http2/http2.ts'
import { backoffDelayMs } from '../../core/backoff.ts'
import { SubchannelRecord } from '../channelz/subchannel-record.ts'
import { MIN_CONNECT_TIMEOUT_MS } from '../contracts/connection-backoff.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'
import type { ConnectionAttempt, Connector, Departure } from '../contracts/connector.ts'
import { type Address, addressText } from '../contracts/endpoint.ts'
import type {
  StandingListener,
  StandingRequest,
  Subchannel,
  SubchannelConnection,
  SubchannelListener,
} from '../contracts/subchannel.ts'
import type { HealthChecks } from '../health/health-checks.ts'
import { watchHealth } from '../health/watch-health.ts'
import { ScaledConnection } from './scaled-connection.ts'
import { StandingStream, type StandingStreamParts } from './standing-stream.ts'

/** What a subchannel depends on. The backoff applies to connection attempts and to kept streams. */
export interface ManagedSubchannelOptions extends StandingStreamParts {
  readonly connector: Connector
  /** The service whose health is checked. */
  readonly health: HealthChecks
  /** Returns the current maximum number of connections, from 1 (gRFC A105). Default: one. */
  maxConnections?(): number
}

/**
 * The states of gRFC A61: IDLE -> CONNECTING -> READY -> IDLE, and CONNECTING -> TRANSIENT_FAILURE -> IDLE once the backoff is over. It
 * connects on request only.
 */
export class ManagedSubchannel implements Subchannel {
  readonly address: Address
  /** The channelz record. */
  readonly record: SubchannelRecord
  readonly #options: ManagedSubchannelOptions
  readonly #listeners = new Set<SubchannelListener>()
  readonly #streams = new Set<StandingStream>()
  #state: ConnectivityState = 'IDLE'
  #lastError: ConnectError | undefined
  #connection: SubchannelConnection | null = null
  /** The connection, if there may be several. */
  #scaled: ScaledConnection | null = null
  #attempt: ConnectionAttempt | null = null
  /** The timer of an attempt's deadline, then of its backoff. */
  #timer: ScheduledTimer | null = null
  #failures = 0
  #backoffEndsAtMs = 0
  /** The last departure, if it was within the backoff of its connection. */
  #lastDeparture: Departure | null = null

  constructor(address: Address, options: ManagedSubchannelOptions) {
    this.address = address
    this.record = new SubchannelRecord(address)
    this.#options = options
  }

  get calls(): CallCounter {
    return this.record.calls
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
    this.#lastDeparture = null
    this.#scaled?.resetBackoff()
    if (this.#state === 'TRANSIENT_FAILURE') this.#becomeIdle()
  }

  watch(listener: SubchannelListener): () => void {
    // A new closure each time, so that the same function can watch twice.
    const own: SubchannelListener = (change) => listener(change)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  watchHealth(listener: SubchannelListener): () => void {
    return watchHealth(this, this.#options.health, listener)
  }

  keepStream(request: StandingRequest, listener: StandingListener): () => void {
    const stream = new StandingStream(this.#options, request, listener)
    this.#streams.add(stream)
    if (this.#connection !== null) stream.open(this.#connection)
    return () => {
      this.#streams.delete(stream)
      stream.close()
    }
  }

  shutdown(): void {
    if (this.#state === 'SHUTDOWN') return
    this.#clearTimer()
    this.#listeners.clear()
    this.#closeStreams()
    this.#streams.clear()
    // First, so that calls that wait for room on it use another connection.
    this.#dropConnection()
    this.#attempt?.close()
    this.#attempt = null
    this.#state = 'SHUTDOWN'
    this.record.moveTo('SHUTDOWN')
  }

  #onReady(connection: SubchannelConnection): void {
    this.#clearTimer()
    this.#failures = 0
    this.#scaled = (this.#options.maxConnections?.() ?? 1) > 1 ? this.#scale(connection) : null
    this.#connection = this.#scaled ?? connection
    this.record.addSocket(connection.socket)
    this.#openStreams(this.#connection)
    this.#moveTo('READY')
  }

  /** Creates the set of connections. Added ones connect and back off as subchannels, but are not visible to others. */
  #scale(first: SubchannelConnection): ScaledConnection {
    const scaled = new ScaledConnection(first, {
      maxConnections: () => this.#options.maxConnections?.() ?? 1,
      createExtra: () => new ManagedSubchannel(this.address, { ...this.#options, maxConnections: () => 1 }),
      onGrown: ({ socket }) => this.record.addSocket(socket),
      onShrunk: () => this.#onShrunk(scaled),
    })
    return scaled
  }

  /** Moves kept streams from a connection that has left to another one, unless it was the last. */
  #onShrunk(scaled: ScaledConnection): void {
    this.#closeStreams()
    if (scaled.isEmpty) {
      this.#dropConnection()
      this.#becomeIdle()
    } else {
      this.#openStreams(scaled)
    }
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

  /**
   * Reconnects immediately after a departure, however often a server leaves. But a server that twice in a row hangs up without any response
   * gets a backoff, to avoid a tight loop.
   */
  #onLeaving(departure: Departure): void {
    this.#attempt = null
    this.#scaled?.dropFirst()
    if (this.#scaled?.isEmpty === false) {
      this.#onShrunk(this.#scaled)
      return
    }
    this.#closeStreams()
    this.#dropConnection()
    const before = this.#lastDeparture
    this.#lastDeparture = this.#options.clock.now() < this.#backoffEndsAtMs ? departure : null
    const isSuspect = this.#lastDeparture?.hasServed() === false && before?.hasServed() === false
    if (isSuspect) this.#waitForBackoff(departure.error)
    else this.#becomeIdle()
  }

  #dropConnection(): void {
    this.#connection = null
    this.#scaled?.close()
    this.#scaled = null
  }

  #openStreams(connection: SubchannelConnection): void {
    for (const stream of this.#streams) stream.open(connection)
  }

  /** Closes kept streams, which are opened again on the next connection. */
  #closeStreams(): void {
    for (const stream of this.#streams) stream.close()
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
    this.record.moveTo(state, error)
    for (const listener of this.#listeners) queueMicrotask(() => this.#tell(listener, state, error))
  }

  /** Calls a listener, unless it was removed meanwhile. */
  #tell(listener: SubchannelListener, state: ConnectivityState, error: ConnectError | undefined): void {
    if (this.#listeners.has(listener)) listener({ state, error })
  }
}
