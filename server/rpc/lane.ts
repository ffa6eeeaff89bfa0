/** What a lane needs to answer calls: the one seam between the plugin and those who carry calls out. */

import type { Registry } from '@bufbuild/protobuf'
import type { ContextValues, HandlerContext, Interceptor } from '@connectrpc/connect'
import type { FastifyRequest } from 'fastify'
import type { Compression } from '../../wire/compression/compression.ts'
import type { BinaryOptions, JsonOptions } from '../../wire/options/codec-options.ts'
import type { ProxyTrust } from '../observing/client-address.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'

/**
 * The lanes there are. `native` answers calls on transports of our own, before Fastify's router; `reference` runs them
 * through Connect's own Fastify plugin, with every hook.
 */
export const LANES = ['native', 'reference'] as const

/** The name of a lane. */
export type Lane = (typeof LANES)[number]

/** By the names of the options that switch protocols off, as `grpcWeb`; what is not there is on. */
export type ProtocolSwitches = Readonly<Record<string, boolean>>

/** Options of a lane, complete. */
export interface LaneOptions {
  /** All protocols that the lane knows, in the order in which they are asked. */
  readonly protocols: readonly ServerProtocol[]
  /** Which of them are answered, by the names of their options. */
  readonly switches: ProtocolSwitches
  /** Run for every call, the first one outermost. */
  readonly interceptors: readonly Interceptor[]
  /** Runs after the headers and before the body of every call; what it throws is the answer. */
  readonly requestGate: ((context: HandlerContext) => void | Promise<void>) | undefined
  /** Makes what the context of a call starts with. Default: nothing but its Fastify request. */
  readonly contextValues?: ((request: FastifyRequest) => ContextValues) | undefined
  /** Bytes of one received message, after decompression. */
  readonly maxReceiveBytes: number
  /** Bytes that the objects of one received message may take in memory. Default: 8 times the largest message. */
  readonly decodeBudgetBytes?: number | undefined
  /** Bytes of one sent message. */
  readonly maxSendBytes: number
  /** The longest deadline a caller may ask for. */
  readonly maxTimeoutMs: number
  /** Aborts every call that is still open when a drain runs out of time. */
  readonly shutdownSignal: AbortSignal
  /** Aborts with UNAVAILABLE when a drain has run out of time: calls end with that, whatever their handlers do. Default: never. */
  readonly cutSignal?: AbortSignal
  /** Called for each call that fails because a drain ran out of time. Default: nothing is. */
  readonly onCutShort?: () => void
  /** Whose word of the callers' addresses is believed. Default: nobody's. */
  readonly trustProxy?: ProxyTrust | null
  /** What messages may be compressed with. Default: what the lane can do, without brotli. */
  readonly acceptCompression?: readonly Compression[] | undefined
  /** Messages below are not compressed, in bytes. Default 1,024. */
  readonly compressMinBytes?: number
  /** How JSON is read and written; its registry goes before that of the lane. Default: as Connect does. */
  readonly jsonOptions?: JsonOptions
  /** How binary messages are read and written. Default: as protobuf-es does. */
  readonly binaryOptions?: BinaryOptions
  /** Unary calls of Connect must have the header of its version. Default: false. */
  readonly requiresConnectVersion?: boolean
  /** The types that google.protobuf.Any and extensions can hold in JSON. */
  readonly registry: Registry
}
