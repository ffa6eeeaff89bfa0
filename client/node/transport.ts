/** Makes the transport that a client calls through, and that closes its connections when it is closed. */
import type { Transport } from '@connectrpc/connect'
import { decodeBudgetFor } from '../../wire/decode-budget/decode-budget.ts'
import { guardObservers } from '../../wire/guard-observers.ts'
import { type MemoryBudget, warnOfFault } from '../../wire/http2/http2.ts'
import { GuardedEdge } from './base/guarded-edge.ts'
import type { ChannelInspection } from './channelz/inspect-channel.ts'
import type { ConnectivityState } from './contracts/connectivity-state.ts'
import { type OpenChannel, openChannel } from './open-channel.ts'
import { propagating } from './propagating-transport.ts'
import type { CallSettings } from './rpc/method-plan.ts'
import { connectProtocol } from './rpc/protocols/connect/connect-protocol.ts'
import { grpcProtocol } from './rpc/protocols/grpc/grpc-protocol.ts'
import { grpcWebProtocol } from './rpc/protocols/grpc-web/grpc-web-protocol.ts'
import { RpcTransport } from './rpc/rpc-transport.ts'
import { type NormalTransportOptions, normalizeTransportOptions, type TransportOptions } from './transport-options.ts'

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

function callingTransport(options: NormalTransportOptions, opened: OpenChannel): Transport {
  const { protocol, useHttpGet, interceptors, defaultTimeoutMs } = options
  const { channel, config, timers, authenticator } = opened
  const edge = new GuardedEdge({ name: 'an observer of calls', report: warnOfFault })
  return new RpcTransport({
    channel,
    config,
    timers,
    authenticator,
    random: Math.random,
    observer: guardObservers(options.observers, (thrown) => edge.report(thrown)),
    protocol: protocol === 'connect' ? connectProtocol(useHttpGet) : GRPC_PROTOCOLS[protocol],
    settings: callSettings(options, opened.budget),
    interceptors,
    timeoutMs: defaultTimeoutMs,
  })
}

const GRPC_PROTOCOLS = { grpc: grpcProtocol, 'grpc-web': grpcWebProtocol } as const

function withPropagation({ propagation, defaultTimeoutMs }: NormalTransportOptions, transport: Transport): Transport {
  return propagation ? propagating(transport, defaultTimeoutMs) : transport
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

function callSettings(
  { channel, registry, jsonOptions, binaryOptions, ...options }: NormalTransportOptions,
  budget: MemoryBudget,
): CallSettings {
  const { useBinaryFormat, sendCompression, acceptCompression, compressMinBytes, retry } = options
  return Object.freeze({
    target: channel.targetText,
    scheme: channel.tls === null ? 'http' : 'https',
    authority: channel.authority,
    pathPrefix: channel.pathPrefix,
    userAgent: channel.userAgent,
    format: useBinaryFormat ? 'binary' : 'json',
    codec: {
      json: { ...(registry !== undefined && { registry }), ...jsonOptions },
      binary: binaryOptions,
      decodeBudgetBytes: options.decodeBudgetBytes ?? decodeBudgetFor(options.readMaxBytes),
    },
    budget,
    metadataLimits: channel.metadataLimits,
    sendCompression,
    compressMinBytes,
    acceptCompression,
    maxReceiveBytes: options.readMaxBytes,
    maxSendBytes: options.writeMaxBytes,
    hasPolicies: retry,
  })
}
