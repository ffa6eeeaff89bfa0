/** Everything about a method that is known before any call. Built once at start-up; calls only look it up. */
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
import { DEFAULT_CODEC_KIND } from '../../wire/codec/codec-settings.ts'
import { type MessageCreator, messageCreator } from '../../wire/codec/create/message-creator.ts'
import { type Compression, DEFAULT_COMPRESS_MIN_BYTES } from '../../wire/compression/compression.ts'
import { DEFAULT_COMPRESSIONS } from '../../wire/compression/compression-choice.ts'
import { decodeBudgetFor } from '../../wire/decode-budget/decode-budget.ts'
import { type CodecOptions, createMessageCodecs } from '../../wire/message-codec.ts'
import type { ProxyTrust } from '../observing/client-address.ts'
import type { AdmissionControl } from './admission.ts'
import type { CollectedRoutes } from './collect-routes.ts'
import type { LaneOptions } from './lane.ts'
import { type Middleware, middlewareFor } from './middleware.ts'
import { DEFAULT_PROPAGATION, type Propagation } from './propagation.ts'
import type { ServedMethod, ServerProtocol } from './protocols/server-protocol.ts'
import { joinGates, type RequestGate } from './request-gate.ts'
import { defaultTimeoutMsOf } from './service-options.ts'

/** The timeout of a call that has no deadline. */
export const NO_TIMEOUT = -1

/** The implementation of a method. The kind of the method determines the shapes of input and output. */
export type MethodImplementation = (input: Message | AsyncIterable<Message>, context: HandlerContext) => unknown

/** The limits of a method's calls. */
export interface MethodLimits {
  /** The most bytes of a received message, before and after decompression. */
  readonly maxReceiveBytes: number
  /** The most bytes of a sent message, before compression. */
  readonly maxSendBytes: number
  /** The timeout of calls whose clients set none; NO_TIMEOUT for none. */
  readonly defaultTimeoutMs: number
  /** Longer deadlines are clamped to this. */
  readonly maxTimeoutMs: number
  /** Shorter messages are not compressed. */
  readonly compressMinBytes: number
}

/** The table entry of a method. */
export interface MethodEntry extends ServedMethod {
  readonly implementation: MethodImplementation
  /** Completes what services return, which may be partial messages. */
  readonly createOutput: MessageCreator
  /**
   * The first is outermost. Each is called for every call, as in Connect, because it may keep state per call. An empty
   * list costs nothing.
   */
  readonly interceptors: readonly Interceptor[]
  /** Asked first, when the head has arrived; null for none. */
  readonly admission: AdmissionControl | null
  /** Runs after the head and before the body: the gates of middleware, of the lane, and of the service. */
  readonly requestGate: RequestGate | undefined
  /** The protocols in which it can be called, in the order in which they are tried. */
  readonly protocols: readonly ServerProtocol[]
  readonly limits: MethodLimits
  /** The compressions of its messages. */
  readonly compressions: readonly Compression[]
  /** The open calls that hold a signal or a read, to abort near the end of a drain. */
  readonly openCalls: AbortGroup
  /** Which proxies are trusted to state the caller's address. */
  readonly trustProxy: ProxyTrust | null
  /** What the calls of its handler take over. */
  readonly propagation: Propagation
}

/** What methods share that were registered together. */
interface RegistrationOptions
  extends Pick<
    MethodEntry,
    | 'interceptors'
    | 'requestGate'
    | 'limits'
    | 'compressions'
    | 'openCalls'
    | 'trustProxy'
    | 'propagation'
    | 'requiresConnectVersion'
  > {
  readonly codec: CodecOptions
  readonly middleware: readonly Middleware[]
  protocolsFor(kind: MethodEntry['kind']): readonly ServerProtocol[]
}

/** Entries by method path. */
export type MethodTable = ReadonlyMap<string, MethodEntry>

/** Builds the table. The options of a service take precedence over those of the lane. */
export function createMethodTable(routes: CollectedRoutes, lane: LaneOptions): MethodTable {
  const table = new Map<string, MethodEntry>()
  const openCalls = new Map<AbortSignal, AbortGroup>()
  /** Services with the same signal share a group, and so one listener on it. */
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
    middleware: lane.middleware ?? [],
    limits: {
      maxReceiveBytes,
      maxSendBytes: options.writeMaxBytes ?? lane.maxSendBytes,
      defaultTimeoutMs: defaultTimeoutOf(options, lane),
      maxTimeoutMs: options.maxTimeoutMs ?? lane.maxTimeoutMs,
      compressMinBytes: options.compressMinBytes ?? lane.compressMinBytes ?? DEFAULT_COMPRESS_MIN_BYTES,
    },
    compressions: options.acceptCompression ?? lane.acceptCompression ?? DEFAULT_COMPRESSIONS,
    openCalls,
    trustProxy: lane.trustProxy ?? null,
    propagation: lane.propagation ?? DEFAULT_PROPAGATION,
    requiresConnectVersion: options.requireConnectProtocolHeader ?? lane.requiresConnectVersion ?? false,
    codec: {
      kind: lane.codec ?? DEFAULT_CODEC_KIND,
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
  const { codec, middleware, protocolsFor, ...common } = shared
  const { admission, requestGate, interceptors } = middlewareFor(method, middleware)
  return Object.freeze({
    ...common,
    admission,
    requestGate: joinGates([requestGate, shared.requestGate].filter((gate) => gate !== undefined)),
    interceptors: [...interceptors, ...shared.interceptors],
    path: `/${method.parent.typeName}/${method.name}`,
    method,
    kind,
    implementation: impl as MethodImplementation,
    createOutput: messageCreator(method.output, codec.kind ?? DEFAULT_CODEC_KIND),
    codecs: createMessageCodecs({ decodes: method.input, encodes: method.output }, codec),
    codecOptions: codec,
    protocols: protocolsFor(kind),
    isSafe: method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
  })
}

function defaultTimeoutOf(options: object, lane: LaneOptions): number {
  const timeoutMs = defaultTimeoutMsOf(options) ?? lane.defaultTimeoutMs ?? 0
  return timeoutMs === 0 ? NO_TIMEOUT : timeoutMs
}

/** A protocol of an application has an option name that only it knows. */
function isOn({ option }: ServerProtocol, options: object): boolean {
  return (options as Readonly<Record<string, unknown>>)[option] !== false
}
