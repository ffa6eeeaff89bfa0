/** The contract between the plugin and a lane, which is what answers calls. */
import type { Registry } from '@bufbuild/protobuf'
import type { ContextValues, Interceptor } from '@connectrpc/connect'
import type { FastifyRequest } from 'fastify'
import type { CodecKind } from '../../wire/codec/codec-settings.ts'
import type { Compression } from '../../wire/compression/compression.ts'
import type { BinaryOptions, JsonOptions } from '../../wire/options/codec-options.ts'
import type { ProxyTrust } from '../observing/client-address.ts'
import type { Middleware } from './middleware.ts'
import type { Propagation } from './propagation.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'
import type { RequestGate } from './request-gate.ts'

/**
 * The names of all lanes. `native` answers calls on our own transports, before Fastify's router; `reference` runs them
 * through Connect's Fastify plugin, with every hook.
 */
export const LANES = ['native', 'reference'] as const

/** The name of a lane. */
export type Lane = (typeof LANES)[number]

/** Whether a protocol is on, by the name of its option, such as `grpcWeb`. A missing name means on. */
export type ProtocolSwitches = Readonly<Record<string, boolean>>

/** The options of a lane, complete. */
export interface LaneOptions {
  /** All protocols that the lane knows, in the order in which they are tried. */
  readonly protocols: readonly ServerProtocol[]
  /** Which of them are on. */
  readonly switches: ProtocolSwitches
  /** Run for every call; the first is outermost. */
  readonly interceptors: readonly Interceptor[]
  /** Runs after the headers and before the body of every call. What it throws is the response. */
  readonly requestGate: RequestGate | undefined
  /** Runs before the gate and outside of the interceptors; the first is outermost. Default: none. */
  readonly middleware?: readonly Middleware[]
  /** Creates the values that a call's context starts with. Default: only its Fastify request. */
  readonly contextValues?: ((request: FastifyRequest) => ContextValues) | undefined
  /** The most bytes of a received message, after decompression. */
  readonly maxReceiveBytes: number
  /** The most bytes of memory that the objects of a received message may take. Default: 8 times the largest message. */
  readonly decodeBudgetBytes?: number | undefined
  /** How messages are encoded and decoded. Default: compiled. */
  readonly codec?: CodecKind
  /** The most bytes of a sent message. */
  readonly maxSendBytes: number
  /** The deadline of calls whose clients set none, in milliseconds; 0 for none. Default 0. */
  readonly defaultTimeoutMs?: number
  /** The longest deadline that a client may set; longer ones are clamped. */
  readonly maxTimeoutMs: number
  /** Asks the calls that are still open near the end of a drain to end. */
  readonly shutdownSignal: AbortSignal
  /**
   * Aborts with UNAVAILABLE when the drain time is over. Calls then end, whatever their handlers do. Default: never.
   */
  readonly cutSignal?: AbortSignal
  /** Called for each call that fails because the drain time is over. Default: does nothing. */
  readonly onCutShort?: () => void
  /** Which proxies are trusted to state the caller's address. Default: none. */
  readonly trustProxy?: ProxyTrust | null
  /** What the calls of handlers take over from their callers. Default: deadline, cancellation and trace. */
  readonly propagation?: Propagation
  /** The compressions of messages, both ways. Default: those of the lane, without brotli. */
  readonly acceptCompression?: readonly Compression[] | undefined
  /** Shorter messages are not compressed, in bytes. Default 1,024. */
  readonly compressMinBytes?: number
  /** How JSON is read and written; its registry takes precedence over `registry`. Default: as in Connect. */
  readonly jsonOptions?: JsonOptions
  /** How binary messages are read and written. Default: as in protobuf-es. */
  readonly binaryOptions?: BinaryOptions
  /** Whether unary Connect calls must have the protocol version header. Default: false. */
  readonly requiresConnectVersion?: boolean
  /** The types for google.protobuf.Any and extensions in JSON. */
  readonly registry: Registry
}
