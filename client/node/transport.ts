/** Creates the transport of a client. */
import type { Transport } from '@connectrpc/connect'
import { decodeBudgetFor } from '../../wire/decode-budget/decode-budget.ts'
import { guardObservers } from '../../wire/guard-observers.ts'
import { type MemoryBudget, warnOfFault } from '../../wire/http2/http2.ts'
import { type LeavableTransport, leavable, streamTo } from '../core/leavable.ts'
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

/** A transport with its own channel. */
export interface ClientTransport extends Transport, AsyncDisposable {
  /** Returns the connectivity state. With `isWanted`, an IDLE channel starts to connect. */
  getState(isWanted?: boolean): ConnectivityState
  /** Starts to connect without a call. */
  connect(): void
  /**
   * Resolves when the state differs from `from`, possibly immediately. May miss states that last only a moment.
   *
   * @throws the reason of the signal if it aborts first
   */
  watchState(from: ConnectivityState, signal?: AbortSignal): Promise<ConnectivityState>
  /** Returns a snapshot of the channel, with its addresses, connections and calls, as a plain object for JSON. */
  inspect(): ChannelInspection
  /** Ends the backoff of all subchannels, for example after the network has come back. */
  resetConnectBackoff(): void
  /** Cancels the calls in flight and closes every connection, so that nothing keeps the process alive. */
  close(): Promise<void>
}

/**
 * Creates a transport, which connects with the first call.
 *
 *     const transport = createTransport({ target: 'dns:///greeter.example:8080' })
 *     const greeter = createClient(GreeterService, transport)
 *     ...
 *     await transport.close()
 *
 * @throws RangeError that names the option, its value and its range
 */
export function createTransport(options: TransportOptions): ClientTransport {
  return transportOf(options, true)
}

/** As `createTransport`, for calls that serve those of another channel: they do not keep the process alive. */
export function createBackgroundTransport(options: TransportOptions): ClientTransport {
  return transportOf(options, false)
}

function transportOf(options: TransportOptions, keepsProcess: boolean): ClientTransport {
  const normal = normalizeTransportOptions(options)
  const opened = openChannel(normal.channel, normal, keepsProcess)
  return overChannel(opened, withPropagation(normal, callingTransport(normal, opened)))
}

function callingTransport(options: NormalTransportOptions, opened: OpenChannel): LeavableTransport {
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

function withPropagation(
  { propagation, defaultTimeoutMs }: NormalTransportOptions,
  transport: LeavableTransport,
): LeavableTransport {
  return propagation ? propagating(transport, defaultTimeoutMs) : transport
}

function overChannel(
  { channel, inspect, close }: OpenChannel,
  transport: LeavableTransport,
): ClientTransport & LeavableTransport {
  const stream = transport.stream.bind(transport)
  return {
    unary: transport.unary.bind(transport),
    stream,
    [leavable]: { stream, start: (reader, ...args) => streamTo(reader, transport, args) },
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
      kind: options.codec,
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
