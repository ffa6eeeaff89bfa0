/** The options of the `portico` plugin, validated once into one frozen object. */
import type { Registry } from '@bufbuild/protobuf'
import type { ContextValues, Interceptor } from '@connectrpc/connect'
import type { FastifyRequest } from 'fastify'
import type { CallObserver } from '../wire/call-observer.ts'
import { CODEC_KINDS, type CodecKind, DEFAULT_CODEC_KIND } from '../wire/codec/codec-settings.ts'
import { type Compression, DEFAULT_COMPRESS_MIN_BYTES } from '../wire/compression/compression.ts'
import { type CompressionChoice, readCompressions } from '../wire/compression/compression-choice.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../wire/options/check-options.ts'
import {
  BINARY_OPTIONS_SHAPE,
  type BinaryOptions,
  JSON_OPTIONS_SHAPE,
  type JsonOptions,
} from '../wire/options/codec-options.ts'
import { CONSOLE_SHAPE, type ConsoleOptions } from './console/console-options.ts'
import { PLUGIN_ADVICE } from './other-names.ts'
import type { BypassedHook } from './routed/bypass-hooks.ts'
import { CORS_SHAPE, type Cors, type CorsOptions, createCors } from './rpc/cors.ts'
import { LANES, type Lane, type ProtocolSwitches } from './rpc/lane.ts'
import { type Middleware, middlewareFaults } from './rpc/middleware.ts'
import { PROPAGATION_SHAPE, Propagation, type PropagationOptions, propagationFaults } from './rpc/propagation.ts'
import type { RestOptions } from './rpc/protocols/rest/rest-options.ts'
import type { ServerProtocol } from './rpc/protocols/server-protocol.ts'
import type { RequestGate } from './rpc/request-gate.ts'
import type { PorticoRouter } from './rpc/service-options.ts'
import { STANDARD_PROTOCOLS } from './rpc/standard-protocols.ts'
import type { HealthStatus } from './services/health/health-status.ts'
import type { Reflected } from './standard-services.ts'
import { isAccessLog } from './telemetry/access-log.ts'

/** What the `portico` plugin takes. */
export interface PorticoOptions {
  /** Registers services, as with any Connect router. It may be async. */
  readonly routes: (router: PorticoRouter) => void
  /**
   * What answers calls: `native`, our own implementation, which runs before Fastify's router on a Fastify made with `onePort()`
   * unless the route of a method has hooks; or `reference`, Connect's own Fastify plugin. Default: `native`.
   */
  readonly lane?: Lane
  /**
   * Fastify hooks to skip for calls. A call whose route has other hooks goes through Fastify, which runs them and costs several
   * times as much. Each entry is the function, or its name (`authorize`), if necessary with the kind of hook
   * (`onRequest:authorize`) or a hash of the source (`onRequest#1a2b3c4d`); the plugin logs these names at start. A name that
   * matches no hook, or several, is an error at start. Default: none.
   */
  readonly bypassHooks?: readonly BypassedHook[]
  /**
   * Observe every request that reaches the port, whichever plugin serves it: its start, messages and end. For logs, metrics and
   * traces. Default: none, at no cost.
   */
  readonly observers?: readonly CallObserver[]
  /**
   * Interceptors of every call, the first one outermost. Those of a service run inside them, or in their place with
   * `replaceInterceptors: true`. Default: none.
   */
  readonly interceptors?: readonly Interceptor[]
  /**
   * Functions of the server such as authentication, limits and telemetry, outermost first. They see every call, those of the
   * standard services too, before `requestGate` and outside of `interceptors`. Default: none, at no cost.
   */
  readonly middleware?: readonly Middleware[]
  /**
   * Runs after the headers and before the body of every call: the cheapest place to refuse one. It may set context values and
   * response headers; a ConnectError that it throws is the response. If a service has a `requestGate` of its own, this one runs
   * first. Default: none.
   */
  readonly requestGate?: RequestGate
  /**
   * Creates the context values of a call from its Fastify request, after Fastify's hooks, as Connect's own plugin does. All calls then
   * go through Fastify, which costs several times as much; a `requestGate` can set values too, and `fastifyRequestKey` has the
   * request where hooks ran. Default: none.
   */
  readonly contextValues?: (request: FastifyRequest) => ContextValues
  /**
   * Log one line per call to the log of Fastify, unless `observers` has an access log. Fastify's own two lines per request are left out
   * for these calls. Default: true; no effect without a logger.
   */
  readonly accessLog?: boolean
  /** Allows pages of other origins to call. Default: none. */
  readonly cors?: CorsOptions
  /** Answer the gRPC protocol. Default: true. */
  readonly grpc?: boolean
  /** Answer the gRPC-Web protocol. Default: true. */
  readonly grpcWeb?: boolean
  /**
   * Answer gRPC-Web over WebSockets too, in the wire format `grpc-websockets`, by which pages make calls of all four modes; native lane
   * only, on a Fastify made with `onePort()`. Default: as `grpcWeb`.
   */
  readonly webSocket?: boolean
  /** Answer the Connect protocol. Default: true. */
  readonly connect?: boolean
  /**
   * Answer REST for methods with the option `google.api.http`: true, or how. Native lane only. Costs nothing without such methods.
   * Default: true.
   */
  readonly rest?: boolean | RestOptions
  /** Protocols of your own, which are tried before the standard ones; native lane only. Default: none. */
  readonly protocols?: readonly ServerProtocol[]
  /** Serves grpc.health.v1.Health from this registry. Plugins that share a port may share it. Default: not served. */
  readonly health?: HealthStatus
  /**
   * Serves reflection, v1 and v1alpha, for the services of this plugin: all, or those that it names, such as `shop.v1.ShopService`, or
   * by the beginning of their names, `shop.v1.`. Their files are shown whole, and no types
   * of `registry`. Plugins on one server share one reflection service, with
   * the gates and interceptors of the first plugin. Default: false.
   */
  readonly reflection?: Reflected
  /**
   * Serve a page at `/console` that shows the API and calls its methods: true, or how. Needs the package `portico-console`. Default:
   * false, at no cost.
   */
  readonly console?: boolean | ConsoleOptions
  /** Bytes of one received message, after decompression. Default 4,194,304, range 1 to 2,147,483,647. */
  readonly readMaxBytes?: number
  /**
   * Memory for the decoded objects of one message, in bytes: a few octets can create thousands of objects. Default: 8 times
   * `readMaxBytes`, range 1 to 9,007,199,254,740,991; native lane only.
   */
  readonly decodeBudgetBytes?: number
  /**
   * How messages are encoded and decoded: `compiled`, by functions made from their descriptors at first use; or `reflective`, by
   * protobuf-es, at several times the cost. Messages and bytes are the same. Default: `compiled`; native lane only.
   */
  readonly codec?: CodecKind
  /** Bytes of one sent message. Default and most 2,147,483,647, least 1. */
  readonly writeMaxBytes?: number
  /**
   * Compressions of messages in both directions, by name or as `Compression` objects of Connect. Default: gzip, and zstd if this Node
   * has a reliable one; not brotli (`br`), whose decoder has been the least safe of zlib's with hostile input.
   */
  readonly acceptCompression?: readonly CompressionChoice[]
  /** The size in bytes below which messages are not compressed. Default 1,024, range 0 to 2,147,483,647. */
  readonly compressMinBytes?: number
  /** More types for `google.protobuf.Any` and extensions in JSON, which reflection lists too. Default: the types that services use. */
  readonly registry?: Registry
  /** Options of protobuf-es for JSON. Default: unknown fields are ignored. */
  readonly jsonOptions?: JsonOptions
  /** Options of protobuf-es for binary messages. Default: those of protobuf-es. */
  readonly binaryOptions?: BinaryOptions
  /** Refuse unary Connect calls without a `connect-protocol-version` header. Default: false. */
  readonly requireConnectProtocolHeader?: boolean
  /**
   * The deadline of a call whose client sets none, in milliseconds; 0 for none. It holds for streams too. Default 0, range 0 to
   * 9,007,199,254,740,991.
   */
  readonly defaultTimeoutMs?: number
  /** The longest deadline of a call, in milliseconds. Default: that of the port, else 86,400,000; range 1 to 9,007,199,254,740,991. */
  readonly maxTimeoutMs?: number
  /**
   * What calls that handlers make take over from their callers. Default: deadline, cancellation and trace; neither baggage nor other
   * headers.
   */
  readonly propagation?: PropagationOptions
  /** Aborts open calls, in addition to the drain of the port. Default: none. */
  readonly shutdownSignal?: AbortSignal
  /** Prefix of the path of every method, such as `/api`. gRPC clients do not support one. Default: none. */
  readonly prefix?: string
}

/** The complete options. */
export interface ResolvedPorticoOptions {
  readonly routes: (router: PorticoRouter) => void
  readonly lane: Lane
  readonly bypassHooks: readonly BypassedHook[]
  readonly observers: readonly CallObserver[]
  readonly hasAccessLog: boolean
  readonly interceptors: readonly Interceptor[]
  readonly requestGate: RequestGate | undefined
  readonly middleware: readonly Middleware[]
  readonly contextValues: ((request: FastifyRequest) => ContextValues) | undefined
  readonly cors: Cors | undefined
  /** All protocols, in the order in which they are tried. */
  readonly protocols: readonly ServerProtocol[]
  readonly switches: ProtocolSwitches
  /** Whether gRPC-Web is answered over WebSockets. */
  readonly hasWebSockets: boolean
  /** Not checked yet: the code of REST is loaded only for methods that need it. */
  readonly rest: boolean | RestOptions
  readonly health: HealthStatus | undefined
  readonly reflection: Reflected
  /** Undefined for none. */
  readonly console: ConsoleOptions | undefined
  readonly maxReceiveBytes: number
  /** Undefined: derived from the largest message. */
  readonly decodeBudgetBytes: number | undefined
  readonly codec: CodecKind
  readonly maxSendBytes: number
  /** Undefined: the default of the lane. */
  readonly acceptCompression: readonly Compression[] | undefined
  readonly compressMinBytes: number
  readonly registry: Registry | undefined
  readonly jsonOptions: JsonOptions
  readonly binaryOptions: BinaryOptions
  readonly requiresConnectVersion: boolean
  /** Undefined: that of the port. */
  /** 0 for none. */
  readonly defaultTimeoutMs: number
  readonly maxTimeoutMs: number | undefined
  readonly propagation: Propagation
  readonly shutdownSignal: AbortSignal | undefined
  readonly prefix: string
}

/** The longest deadline of a call on a server without `onePort`: a day. */
export const DEFAULT_MAX_TIMEOUT_MS = 86_400_000
const DEFAULT_READ_MAX_BYTES = 4_194_304
const MOST_BYTES = 2_147_483_647

const KINDS: OptionKinds<PorticoOptions> = {
  // Checked below, with a better error.
  routes: ['any'],
  lane: ['any'],
  bypassHooks: ['array'],
  observers: ['array'],
  accessLog: ['boolean'],
  interceptors: ['array'],
  middleware: ['array'],
  requestGate: ['function'],
  contextValues: ['function'],
  cors: ['object'],
  grpc: ['boolean'],
  grpcWeb: ['boolean'],
  webSocket: ['boolean'],
  connect: ['boolean'],
  rest: ['boolean', 'object'],
  protocols: ['array'],
  health: ['object'],
  reflection: ['boolean', 'array'],
  console: ['boolean', 'object'],
  readMaxBytes: ['number'],
  decodeBudgetBytes: ['number'],
  codec: ['any'],
  writeMaxBytes: ['number'],
  acceptCompression: ['array'],
  compressMinBytes: ['number'],
  registry: ['object'],
  jsonOptions: ['object'],
  binaryOptions: ['object'],
  requireConnectProtocolHeader: ['boolean'],
  defaultTimeoutMs: ['number'],
  maxTimeoutMs: ['number'],
  propagation: ['object'],
  shutdownSignal: ['object'],
  prefix: ['string'],
}

/** The names and kinds of the options. */
export const PORTICO_SHAPE: OptionShape & { readonly kinds: OptionKinds<PorticoOptions> } = {
  kinds: KINDS,
  nested: {
    console: CONSOLE_SHAPE,
    cors: CORS_SHAPE,
    propagation: PROPAGATION_SHAPE,
    jsonOptions: JSON_OPTIONS_SHAPE,
    binaryOptions: BINARY_OPTIONS_SHAPE,
  },
  advice: PLUGIN_ADVICE,
}

/** Adds the switches of custom protocols to a shape. */
export function withSwitches(shape: OptionShape, protocols: unknown): OptionShape {
  if (!Array.isArray(protocols)) return shape
  const switches = (protocols as ServerProtocol[]).map(({ option }) => [option, ['boolean']] as const)
  return { ...shape, kinds: { ...Object.fromEntries(switches), ...shape.kinds } }
}

/**
 * Completes and checks the options.
 *
 * @throws RangeError that names every option out of its range, with its value, or every unknown option
 */
export function normalizePorticoOptions(options: PorticoOptions): ResolvedPorticoOptions {
  checkOptions('portico', options, withSwitches(PORTICO_SHAPE, options?.protocols))
  const { lane = 'native', readMaxBytes = DEFAULT_READ_MAX_BYTES, writeMaxBytes = MOST_BYTES } = options
  const {
    codec = DEFAULT_CODEC_KIND,
    compressMinBytes = DEFAULT_COMPRESS_MIN_BYTES,
    decodeBudgetBytes,
    defaultTimeoutMs = 0,
    maxTimeoutMs,
  } = options
  const protocols = Object.freeze([...(options.protocols ?? []), ...STANDARD_PROTOCOLS])
  const rest = options.rest ?? lane === 'native'
  const switches = Object.freeze({ ...switchesOf(options, protocols), rest: rest !== false })
  const faults: string[] = []
  if (typeof options.routes !== 'function') faults.push(ROUTES_FAULT)
  if (!LANES.includes(lane)) faults.push(`lane is "${lane}": it must be one of ${LANES.join(', ')}`)
  if (!CODEC_KINDS.includes(codec)) faults.push(`codec is "${codec}": it must be one of ${CODEC_KINDS.join(', ')}`)
  if (!isSize(readMaxBytes)) faults.push(`readMaxBytes is ${readMaxBytes}: it must be from 1 to ${MOST_BYTES}`)
  if (!isBudget(decodeBudgetBytes))
    faults.push(`decodeBudgetBytes is ${decodeBudgetBytes}: it must be a whole number from 1`)
  if (!isSize(writeMaxBytes)) faults.push(`writeMaxBytes is ${writeMaxBytes}: it must be from 1 to ${MOST_BYTES}`)
  if (!isSize(compressMinBytes, 0))
    faults.push(`compressMinBytes is ${compressMinBytes}: it must be from 0 to ${MOST_BYTES}`)
  if (!(Number.isSafeInteger(defaultTimeoutMs) && defaultTimeoutMs >= 0)) {
    faults.push(`defaultTimeoutMs is ${defaultTimeoutMs}: it must be a whole number from 0`)
  }
  if (maxTimeoutMs !== undefined && !(Number.isSafeInteger(maxTimeoutMs) && maxTimeoutMs >= 1)) {
    faults.push(`maxTimeoutMs is ${maxTimeoutMs}: it must be a whole number from 1`)
  }
  // Not every server has methods that answer REST.
  const isAnyOn = Object.entries(switches).some(
    ([name, isOn]) => isOn && (name !== 'rest' || options.rest !== undefined),
  )
  const possible = Object.keys(switches).filter((name) => name !== 'rest' || lane === 'native')
  if (!isAnyOn) faults.push(`one of ${listOf(possible)} must be on`)
  if (lane === 'reference' && options.protocols !== undefined) faults.push('protocols needs `lane: "native"`')
  const mayHaveWebSockets = lane === 'native' && (switches as ProtocolSwitches).grpcWeb === true
  if (options.webSocket === true && !mayHaveWebSockets) faults.push('webSocket needs grpcWeb, and `lane: "native"`')
  if (lane === 'reference' && rest !== false) faults.push('rest needs `lane: "native"`')
  faults.push(...propagationFaults(options.propagation ?? {}))
  faults.push(...middlewareFaults(options.middleware ?? []))
  if (faults.length > 0) throw new RangeError(`portico: ${faults.join('; ')}`)
  return Object.freeze({
    routes: options.routes,
    lane,
    bypassHooks: options.bypassHooks ?? [],
    observers: options.observers ?? [],
    hasAccessLog: (options.accessLog ?? true) && !options.observers?.some(isAccessLog),
    interceptors: options.interceptors ?? [],
    middleware: options.middleware ?? [],
    requestGate: options.requestGate,
    contextValues: options.contextValues,
    cors: options.cors && createCors(options.cors),
    protocols,
    switches,
    hasWebSockets: mayHaveWebSockets && options.webSocket !== false,
    rest,
    health: options.health,
    reflection: options.reflection ?? false,
    console: consoleOf(options.console),
    maxReceiveBytes: readMaxBytes,
    decodeBudgetBytes,
    codec,
    maxSendBytes: writeMaxBytes,
    acceptCompression: options.acceptCompression && readCompressions('acceptCompression', options.acceptCompression),
    compressMinBytes,
    registry: options.registry,
    jsonOptions: options.jsonOptions ?? {},
    binaryOptions: options.binaryOptions ?? {},
    requiresConnectVersion: options.requireConnectProtocolHeader ?? false,
    defaultTimeoutMs,
    maxTimeoutMs,
    propagation: new Propagation(options.propagation),
    shutdownSignal: options.shutdownSignal,
    prefix: options.prefix ?? '',
  })
}

function consoleOf(option: boolean | ConsoleOptions = false): ConsoleOptions | undefined {
  return typeof option === 'object' ? option : option ? {} : undefined
}

const ROUTES_FAULT = 'routes must be a function that takes a ConnectRouter'

/** @throws RangeError if it is not a function */
export function assertRoutes(owner: string, routes: unknown): void {
  if (typeof routes !== 'function') throw new RangeError(`${owner}: ${ROUTES_FAULT}`)
}

/** Reads the option that switches a protocol off, which each protocol names. */
function switchesOf(options: PorticoOptions, protocols: readonly ServerProtocol[]): ProtocolSwitches {
  const given = options as unknown as Readonly<Record<string, unknown>>
  return Object.fromEntries(protocols.map(({ option }) => [option, given[option] !== false]))
}

function listOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function isSize(bytes: number, least = 1): boolean {
  return Number.isInteger(bytes) && bytes >= least && bytes <= MOST_BYTES
}

function isBudget(bytes: number | undefined): boolean {
  return bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 1)
}
