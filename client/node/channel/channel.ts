/** A channel: a target, the resolver that knows where it is, the balancer that connects to it, and the calls to it. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ScheduledTimer } from '../../../wire/http2/http2.ts'
import { GracefulSwitch } from '../balancer/graceful-switch/graceful-switch.ts'
import type { FaultListener } from '../base/guarded-edge.ts'
import { ChannelRecord } from '../channelz/channel-record.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'
import type { Address, Endpoint } from '../contracts/endpoint.ts'
import type { ChannelControlHelper, ConfiguredPolicy, LoadBalancer } from '../contracts/load-balancer.ts'
import { failPicker, type Picker, queuePicker } from '../contracts/picker.ts'
import type { Resolver, ResolverContext, ResolverResult } from '../contracts/resolver.ts'
import { ManagedSubchannel, type ManagedSubchannelOptions } from '../subchannel/managed-subchannel.ts'
import { LiveResolver } from './live-resolver.ts'
import { PickQueue, type PickWaiter } from './pick-queue.ts'
import { ProcessHold } from './process-hold.ts'
import { resultFlaw } from './result-flaw.ts'
import { WatchedState } from './watched-state.ts'

/** The parts of a channel. All of its subchannels share the same options. */
export interface ChannelParts extends ManagedSubchannelOptions {
  /** The target as given, for inspection: `dns:///greeter.example:80`. */
  readonly target: string
  /** Creates the resolver of the target, each time that the channel leaves IDLE. */
  createResolver(context: ResolverContext): Resolver
  /** Whether to use service configs from the resolver. */
  readonly usesServiceConfig: boolean
  /**
   * Selects the load balancing policy for a resolver result, from its service config or the default one.
   *
   * @throws ConnectError for an invalid service config
   */
  choosePolicy(result: ResolverResult): ConfiguredPolicy
  /** The channel has handled a result of the resolver, successful or not. Default: nothing waits for it. */
  onResolved?(): void
  /** Receives faults of resolvers and policies, for the log. */
  readonly onFault: FaultListener
  /** Time without a call after which the channel closes its connections; Infinity: never. */
  readonly idleTimeoutMs: number
  /** Whether calls keep the process alive. Default: true. */
  readonly keepsProcess?: boolean
}

/** A call of a channel. */
export interface OpenCall {
  /** The channel is closed. The call must end with this error immediately. */
  onChannelClosed(error: ConnectError): void
}

/** Connects with the first call, or on request (gRPC Connectivity Semantics). */
export class Channel {
  /** The channelz record. */
  readonly record: ChannelRecord
  readonly #parts: ChannelParts
  readonly #helper: ChannelControlHelper
  readonly #queue = new PickQueue(this.#wakingPicker())
  readonly #processHold = new ProcessHold()
  readonly #state = new WatchedState()
  #resolver: LiveResolver | null = null
  #balancer: LoadBalancer<ConfiguredPolicy> | null = null
  readonly #calls = new Set<OpenCall>()
  #lastCallEndedAtMs = 0
  #idleTimer: ScheduledTimer | null = null

  constructor(parts: ChannelParts) {
    this.record = new ChannelRecord(parts.target)
    this.#parts = parts
    if (parts.keepsProcess === false) this.#processHold.close()
    this.#helper = {
      clock: parts.clock,
      random: parts.random,
      onFault: parts.onFault,
      createSubchannel: (address) => this.#createSubchannel(address),
      updateState: (state, picker) => this.#publish(state, picker),
      requestReresolution: () => this.#resolver?.resolveNow(),
    }
  }

  /** Calls that wait for a connection, or for room on one. */
  get queuedPicks(): number {
    return this.#queue.size
  }

  /** Returns the connectivity state. With `isWanted`, an IDLE channel starts to connect. */
  getState(isWanted = false): ConnectivityState {
    if (isWanted) this.connect()
    return this.#state.current
  }

  /** Starts to connect, unless the channel has already. */
  connect(): void {
    if (this.#state.current === 'SHUTDOWN') return
    if (this.#resolver === null) this.#wake()
    else this.#balancer?.exitIdle()
  }

  /**
   * Resolves when the state differs from `from`, possibly immediately. May miss states that last only a moment.
   *
   * @throws the reason of the signal if it aborts first
   */
  watchState(from: ConnectivityState, signal?: AbortSignal): Promise<ConnectivityState> {
    return this.#state.whenNot(from, signal)
  }

  /** Ends the backoff of all subchannels, for example after the network has come back. */
  resetConnectBackoff(): void {
    this.#balancer?.resetBackoff()
  }

  /** Registers a call. `endCall` must follow. */
  beginCall(call: OpenCall): void {
    this.#calls.add(call)
    this.record.calls.begin(this.#parts.clock.now())
    this.#processHold.hold()
    if (this.#state.current === 'SHUTDOWN') call.onChannelClosed(closedError())
  }

  /** Unregisters a call. */
  endCall(call: OpenCall, hasSucceeded: boolean): void {
    this.#calls.delete(call)
    this.record.calls.end(hasSucceeded)
    this.#lastCallEndedAtMs = this.#parts.clock.now()
    this.#processHold.release()
  }

  /** Finds a connection for a call. May call the waiter before it returns. */
  pick(waiter: PickWaiter): void {
    if (this.#state.current === 'SHUTDOWN') waiter.onPickFailed(closedError(), { isDrop: true })
    else this.#queue.start(waiter)
  }

  /** Removes a waiter whose call has ended. Does nothing if it no longer waits. */
  leave(waiter: PickWaiter): void {
    this.#queue.leave(waiter)
  }

  /** Closes the channel: ends the calls in flight, and releases everything. */
  close(): void {
    if (this.#state.current === 'SHUTDOWN') return
    for (const call of [...this.#calls]) call.onChannelClosed(closedError())
    this.#rest()
    this.#queue.failAll(closedError())
    this.#moveTo('SHUTDOWN')
    this.#processHold.close()
  }

  /** Creates the picker of an IDLE channel, which the first call wakes. */
  #wakingPicker(): Picker {
    return {
      pick: () => {
        // In a microtask, as waking publishes a new picker.
        queueMicrotask(() => this.connect())
        return { kind: 'queue' }
      },
    }
  }

  #wake(): void {
    this.#lastCallEndedAtMs = this.#parts.clock.now()
    this.#scheduleRest()
    this.#publish('CONNECTING', queuePicker)
    const { target, clock, random, usesServiceConfig, onFault, createResolver } = this.#parts
    this.#resolver = new LiveResolver({
      name: `the resolver of ${target}`,
      create: createResolver,
      clock,
      random,
      usesServiceConfig,
      onFault,
      onResult: (result) => this.#onResult(result),
    })
    this.#resolver.start()
  }

  #onResult(given: ResolverResult): ConnectError | null {
    const flaw = resultFlaw(given)
    const result = flaw === null ? given : { endpoints: flaw }
    const fault = this.#take(result) ?? flaw
    this.record.resolve(result, fault)
    this.#parts.onResolved?.()
    return fault
  }

  #take(result: ResolverResult): ConnectError | null {
    const { endpoints, attributes = {} } = result
    if (endpoints instanceof ConnectError) {
      if (this.#balancer === null) this.#publish('TRANSIENT_FAILURE', failPicker(endpoints))
      else this.#balancer.resolverError(endpoints)
      return null
    }
    try {
      const config = this.#parts.choosePolicy(result)
      this.record.choosePolicy(config.policy.name)
      this.#balancer ??= new GracefulSwitch(this.#helper)
      return this.#balancer.update({ endpoints: endpoints.map(withServerName), config, attributes })
    } catch (error) {
      const fault = ConnectError.from(error, Code.Unavailable)
      if (this.#balancer === null) this.#publish('TRANSIENT_FAILURE', failPicker(fault))
      return fault
    }
  }

  #createSubchannel(address: Address): ManagedSubchannel {
    const subchannel = new ManagedSubchannel(address, this.#parts)
    this.record.addSubchannel(subchannel.record)
    return subchannel
  }

  #publish(state: ConnectivityState, picker: Picker): void {
    this.#moveTo(state)
    this.#queue.update(picker)
    // An IDLE policy connects on the next call, and calls are already waiting.
    if (state === 'IDLE' && this.#queue.hasWaiters) this.#balancer?.exitIdle()
  }

  #moveTo(state: ConnectivityState): void {
    if (this.#state.moveTo(state)) this.record.moveTo(state)
  }

  #scheduleRest(): void {
    const { clock, idleTimeoutMs } = this.#parts
    if (idleTimeoutMs === Number.POSITIVE_INFINITY) return
    const quietMs = this.#calls.size > 0 ? 0 : clock.now() - this.#lastCallEndedAtMs
    this.#idleTimer = clock.schedule(() => this.#onQuiet(), idleTimeoutMs - quietMs)
  }

  /** Checks for inactivity. One periodic timer, so that calls need not reset it. */
  #onQuiet(): void {
    const { clock, idleTimeoutMs } = this.#parts
    const isQuiet = this.#calls.size === 0 && clock.now() - this.#lastCallEndedAtMs >= idleTimeoutMs
    if (!isQuiet) {
      this.#scheduleRest()
      return
    }
    this.#rest()
    this.#publish('IDLE', this.#wakingPicker())
  }

  #rest(): void {
    this.#idleTimer?.cancel()
    this.#idleTimer = null
    this.#resolver?.close()
    this.#resolver = null
    this.#balancer?.destroy()
    this.#balancer = null
  }
}

/** Copies the server name of an endpoint to its addresses, from which connections read it. */
function withServerName(endpoint: Endpoint): Endpoint {
  const { addresses, attributes } = endpoint
  const { hostname: serverName } = attributes
  if (serverName === undefined) return endpoint
  return { addresses: addresses.map((address) => ({ ...address, serverName })), attributes }
}

function closedError(): ConnectError {
  return new ConnectError('the transport was closed', Code.Canceled)
}
