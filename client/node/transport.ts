/** Makes the transport that a client calls through, and that lets go of its connections when it is closed. */
import type { Transport } from '@connectrpc/connect'
import { type Compression, gzip, zstd } from '../../wire/compression.ts'
import { USER_AGENT } from './base/user-agent.ts'
import type { ChannelInspection } from './channelz/inspect-channel.ts'
import type { ConnectivityState } from './contracts/connectivity-state.ts'
import { HttpTransport } from './http/http-transport.ts'
import { type OpenChannel, openChannel } from './open-channel.ts'
import { propagating } from './propagating-transport.ts'
import type { CallSettings } from './rpc/call-plan.ts'
import { combineObservers } from './rpc/combine-observers.ts'
import { GrpcTransport } from './rpc/grpc-transport.ts'
import {
  type NormalTransportOptions,
  normalizeTransportOptions,
  SEND_COMPRESSIONS,
  type TransportOptions,
} from './transport-options.ts'

/** A transport over a channel of its own. */
export interface ClientTransport extends Transport, AsyncDisposable {
  /** What the channel is doing. With `isWanted` an idle one starts to connect. */
  getState(isWanted?: boolean): ConnectivityState
  /** Starts to connect, before there is a call. */
  connect(): void
  /**
   * Resolves when the state is another than `from`, perhaps at once. States that last for a moment may be passed by.
   *
   * @throws the reason of the signal, when it aborts first
   */
  watchState(from: ConnectivityState, signal?: AbortSignal): Promise<ConnectivityState>
  /** How the channel is at this moment: its addresses, connections and calls, as a plain object that JSON can write. */
  inspect(): ChannelInspection
  /** Connections that wait for their backoff are tried at once: the network has come back. */
  resetConnectBackoff(): void
  /** Cancels what is under way and closes every connection, so that nothing keeps the process alive. */
  close(): Promise<void>
}

/**
 * Makes a transport. It connects with the first call.
 *
 *     const transport = createTransport({ target: 'dns:///greeter.example:8080' })
 *     const greeter = createClient(GreeterService, transport)
 *     ...
 *     await transport.close()
 *
 * @throws RangeError naming the option, its value and what it may be
 */
export function createTransport(options: TransportOptions): ClientTransport {
  const normal = normalizeTransportOptions(options)
  const opened = openChannel(normal.channel, normal)
  return overChannel(opened, withPropagation(normal, callingTransport(normal, opened)))
}

function callingTransport(
  options: NormalTransportOptions,
  { channel, config, timers, authenticator }: OpenChannel,
): Transport {
  const { protocol, useHttpGet, interceptors, timeoutMs } = options
  const parts = {
    channel,
    config,
    timers,
    authenticator,
    random: Math.random,
    observer: combineObservers(options.observers),
    timeoutMs,
  }
  const settings = callSettings(options)
  return protocol === 'grpc'
    ? new GrpcTransport({ ...parts, interceptors, settings })
    : new HttpTransport({
        ...parts,
        interceptors,
        protocol,
        useHttpGet,
        calls: settings,
      })
}

function withPropagation({ propagation, timeoutMs }: NormalTransportOptions, transport: Transport): Transport {
  return propagation ? propagating(transport, timeoutMs) : transport
}

function overChannel({ channel, inspect, close }: OpenChannel, transport: Transport): ClientTransport {
  return {
    unary: transport.unary.bind(transport),
    stream: transport.stream.bind(transport),
    getState: (isWanted) => channel.getState(isWanted),
    connect: () => channel.connect(),
    watchState: (from, signal) => channel.watchState(from, signal),
    inspect,
    resetConnectBackoff: () => channel.resetConnectBackoff(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function callSettings({ channel, registry, ...options }: NormalTransportOptions): CallSettings {
  const { format, sendCompression, compressMinBytes, maxReceiveBytes, maxSendBytes, retry } = options
  const compression = SEND_COMPRESSIONS.find(({ name }) => name === sendCompression) ?? null
  return Object.freeze({
    protocol: options.protocol,
    target: channel.targetText,
    scheme: channel.tls === null ? 'http' : 'https',
    authority: channel.authority,
    pathPrefix: channel.pathPrefix,
    userAgent: USER_AGENT,
    format,
    codec: { json: registry === undefined ? {} : { registry }, binary: undefined },
    sendCompression: compression,
    compressMinBytes,
    acceptCompression: acceptedWith(compression),
    maxReceiveBytes,
    maxSendBytes,
    hasPolicies: retry,
  })
}

const ACCEPTED: readonly Compression[] = zstd === undefined ? [gzip] : [gzip, zstd]

/** Whoever sends in a compression that is not asked for by itself is answered in it too. */
function acceptedWith(sent: Compression | null): readonly Compression[] {
  return sent === null || ACCEPTED.includes(sent) ? ACCEPTED : [...ACCEPTED, sent]
}
