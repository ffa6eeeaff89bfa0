/** Everything that is known of a method before any call: built once, a call only looks things up. */
import type { Message } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import {
  type ConnectRouter,
  type ConnectRouterOptions,
  createMethodImplSpec,
  createServiceImplSpec,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
} from '@connectrpc/connect'
import { AbortGroup } from '../../wire/abort-group.ts'
import { type Compression, DEFAULT_COMPRESS_MIN_BYTES } from '../../wire/compression/compression.ts'
import { DEFAULT_COMPRESSIONS } from '../../wire/compression/compression-choice.ts'
import { decodeBudgetFor } from '../../wire/decode-budget/decode-budget.ts'
import { type CodecOptions, createMessageCodecs } from '../../wire/message-codec.ts'
import type { ProxyTrust } from '../observing/client-address.ts'
import type { CollectedRoutes } from './collect-routes.ts'
import type { LaneOptions } from './lane.ts'
import type { ServedMethod, ServerProtocol } from './protocols/server-protocol.ts'

/** What a service does for a method; the shapes of input and output follow from the kind. */
export type MethodImplementation = (input: Message | AsyncIterable<Message>, context: HandlerContext) => unknown

/** The bounds of a method's calls. */
export interface MethodLimits {
  /** Bytes of one received message, after decompression; of what is received, too. */
  readonly maxReceiveBytes: number
  /** Bytes of one sent message, before compression. */
  readonly maxSendBytes: number
  /** Longer deadlines count as this one. */
  readonly maxTimeoutMs: number
  /** Smaller messages are sent as they are. */
  readonly compressMinBytes: number
}

/** One method. */
export interface MethodEntry extends ServedMethod {
  readonly implementation: MethodImplementation
  /** First one outermost. Connect calls each for every call, as they may keep state there; an empty list costs nothing. */
  readonly interceptors: readonly Interceptor[]
  /** Runs after the head and before the body: the gate of the lane, then that of the service. */
  readonly requestGate: ((context: HandlerContext) => void | Promise<void>) | undefined
  /** Those that it can be called in, in the order in which they are asked. */
  readonly protocols: readonly ServerProtocol[]
  readonly limits: MethodLimits
  /** What messages may be compressed with. */
  readonly compressions: readonly Compression[]
  /** Those whose handlers can be told of the shutdown. */
  readonly openCalls: AbortGroup
  /** Whose word of the callers' addresses is believed. */
  readonly trustProxy: ProxyTrust | null
}

/** What all methods have alike that were registered together. */
interface RegistrationOptions
  extends Pick<
    MethodEntry,
    'interceptors' | 'requestGate' | 'limits' | 'compressions' | 'openCalls' | 'trustProxy' | 'requiresConnectVersion'
  > {
  readonly codec: CodecOptions
  protocolsFor(kind: MethodEntry['kind']): readonly ServerProtocol[]
}

/** By path. */
export type MethodTable = ReadonlyMap<string, MethodEntry>

/** Builds the table; options that a service was registered with go before those of the lane. */
export function createMethodTable(routes: CollectedRoutes, lane: LaneOptions): MethodTable {
  const table = new Map<string, MethodEntry>()
  const openCalls = new Map<AbortSignal, AbortGroup>()
  const openCallsOf = (signal: AbortSignal) => {
    const calls = openCalls.get(signal) ?? new AbortGroup(signal)
    openCalls.set(signal, calls)
    return calls
  }
  const optionsOf = (options: Partial<ConnectRouterOptions>) => {
    return completeOptions(options, lane, openCallsOf(options.shutdownSignal ?? lane.shutdownSignal))
  }
  const add = (spec: MethodImplSpec, shared: RegistrationOptions) => {
    const entry = createEntry(spec, shared)
    table.set(entry.path, entry)
  }
  const router: ConnectRouter = {
    handlers: [],
    service(service, implementation, options = {}) {
      const shared = optionsOf(options)
      for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) add(spec, shared)
      return router
    },
    rpc(method, implementation, options = {}) {
      add(createMethodImplSpec(method, implementation) as MethodImplSpec, optionsOf(options))
      return router
    },
  }
  const { switches, interceptors, requestGate } = lane
  routes.mount(router, {
    switches,
    interceptors: [...interceptors],
    ...(requestGate === undefined ? {} : { requestGate }),
  })
  return table
}

function completeOptions(
  options: Partial<ConnectRouterOptions>,
  lane: LaneOptions,
  openCalls: AbortGroup,
): RegistrationOptions {
  const maxReceiveBytes = options.readMaxBytes ?? lane.maxReceiveBytes
  const protocols = lane.protocols.filter((protocol) => isOn(protocol, options))
  const byKind = new Map<MethodEntry['kind'], readonly ServerProtocol[]>()
  return {
    interceptors: options.interceptors ?? [],
    requestGate: options.requestGate,
    limits: {
      maxReceiveBytes,
      maxSendBytes: options.writeMaxBytes ?? lane.maxSendBytes,
      maxTimeoutMs: options.maxTimeoutMs ?? lane.maxTimeoutMs,
      compressMinBytes: options.compressMinBytes ?? lane.compressMinBytes ?? DEFAULT_COMPRESS_MIN_BYTES,
    },
    compressions: options.acceptCompression ?? lane.acceptCompression ?? DEFAULT_COMPRESSIONS,
    openCalls,
    trustProxy: lane.trustProxy ?? null,
    requiresConnectVersion: options.requireConnectProtocolHeader ?? lane.requiresConnectVersion ?? false,
    codec: {
      json: { registry: lane.registry, ...(options.jsonOptions ?? lane.jsonOptions) },
      binary: options.binaryOptions ?? lane.binaryOptions,
      decodeBudgetBytes: lane.decodeBudgetBytes ?? decodeBudgetFor(maxReceiveBytes),
    },
    protocolsFor(kind) {
      const carrying = byKind.get(kind) ?? protocols.filter((protocol) => protocol.carries(kind))
      byKind.set(kind, carrying)
      return carrying
    },
  }
}

function createEntry({ method, kind, impl }: MethodImplSpec, shared: RegistrationOptions): MethodEntry {
  const { codec, protocolsFor, ...common } = shared
  return Object.freeze({
    ...common,
    path: `/${method.parent.typeName}/${method.name}`,
    method,
    kind,
    implementation: impl as MethodImplementation,
    codecs: createMessageCodecs({ decodes: method.input, encodes: method.output }, codec),
    protocols: protocolsFor(kind),
    isSafe: method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
  })
}

function isOn({ option }: ServerProtocol, options: object): boolean {
  return (options as Readonly<Record<string, unknown>>)[option] !== false
}
