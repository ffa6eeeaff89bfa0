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

/** What a channel is put together from. All of its subchannels share what they are made with. */
export interface ChannelParts extends ManagedSubchannelOptions {
  /** As it was given, for whoever looks at the channel: `dns:///greeter.example:80`. */
  readonly target: string
  /** Makes the resolver of the target, each time that the channel wakes. */
  createResolver(context: ResolverContext): Resolver
  /** Whether a service config that the resolver brings is heeded. */
  readonly usesServiceConfig: boolean
  /**
   * What a result of the resolver says about load balancing, by its service config or the default.
   *
   * @throws ConnectError for a service config that is none
   */
  choosePolicy(result: ResolverResult): ConfiguredPolicy
  /** The resolver has answered, well or not, and the channel has done with it what it will. Default: nobody waits for it. */
  onResolved?(): void
  /** Receives faults of resolvers and policies, for the log. */
  readonly onFault: FaultListener
  /** Without a call for so long the channel lets go of its connections; Infinity: never. */
  readonly idleTimeoutMs: number
}

/** A call of a channel. */
export interface OpenCall {
  /** The channel is closed, or was closed before: the call ends with this, now. */
  onChannelClosed(error: ConnectError): void
}

/** Connects with the first call, or when it is asked to (gRPC Connectivity Semantics). */
export class Channel {
  /** What is shown of it. */
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

  /** What the channel is doing. With `isWanted` an idle one starts to connect. */
  getState(isWanted = false): ConnectivityState {
    if (isWanted) this.connect()
    return this.#state.current
  }

  /** Starts to connect, if nobody has done so yet. */
  connect(): void {
    if (this.#state.current === 'SHUTDOWN') return
    if (this.#resolver === null) this.#wake()
    else this.#balancer?.exitIdle()
  }

  /**
   * Resolves when the state is another than `from`, perhaps at once. States that last for a moment may be passed by.
   *
   * @throws the reason of the signal, when it aborts first
   */
  watchState(from: ConnectivityState, signal?: AbortSignal): Promise<ConnectivityState> {
    return this.#state.whenNot(from, signal)
  }

  /** Connections that wait for their backoff may be tried at once: the network has come back. */
  resetConnectBackoff(): void {
    this.#balancer?.resetBackoff()
  }

  /** A call begins; `endCall` follows. */
  beginCall(call: OpenCall): void {
    this.#calls.add(call)
    this.record.calls.begin(this.#parts.clock.now())
    this.#processHold.hold()
    if (this.#state.current === 'SHUTDOWN') call.onChannelClosed(closedError())
  }

  /** A call that began is over. */
  endCall(call: OpenCall, hasSucceeded: boolean): void {
    this.#calls.delete(call)
    this.record.calls.end(hasSucceeded)
    this.#lastCallEndedAtMs = this.#parts.clock.now()
    this.#processHold.release()
  }

  /** Looks for a connection. May call the waiter before it returns. */
  pick(waiter: PickWaiter): void {
    if (this.#state.current === 'SHUTDOWN') waiter.onPickFailed(closedError(), { isDrop: true })
    else this.#queue.start(waiter)
  }

  /** The waiter's call is over; harmless if it waits no more. */
  leave(waiter: PickWaiter): void {
    this.#queue.leave(waiter)
  }

  /** Ends the calls under way, and lets go of everything, for good. */
  close(): void {
    if (this.#state.current === 'SHUTDOWN') return
    for (const call of [...this.#calls]) call.onChannelClosed(closedError())
    this.#rest()
    this.#queue.failAll(closedError())
    this.#moveTo('SHUTDOWN')
    this.#processHold.close()
  }

  /** The picker of a channel at rest: the first call wakes it. */
  #wakingPicker(): Picker {
    return {
      pick: () => {
        // Not from within the pick: what wakes publishes a picker of its own.
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
    // An idle policy connects when a call comes; one that waits already has come.
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

  /** One timer looks back now and then, so that calls need not touch it. */
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

/** What an endpoint says of its name goes with each of its addresses, to where connections are made. */
function withServerName(endpoint: Endpoint): Endpoint {
  const { addresses, attributes } = endpoint
  const { hostname: serverName } = attributes
  if (serverName === undefined) return endpoint
  return { addresses: addresses.map((address) => ({ ...address, serverName })), attributes }
}

function closedError(): ConnectError {
  return new ConnectError('the transport was closed', Code.Canceled)
}
