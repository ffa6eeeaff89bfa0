/** The options of a service, and how they combine with those of the plugin. */
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import type { ConnectRouter, ConnectRouterOptions, Interceptor, MethodImpl, ServiceImpl } from '@connectrpc/connect'
import { type CompressionChoice, readCompressions } from '../../wire/compression/compression-choice.ts'
import { checkOptions, type OptionKind, type OptionKinds } from '../../wire/options/check-options.ts'
import { BINARY_OPTIONS_SHAPE, JSON_OPTIONS_SHAPE } from '../../wire/options/codec-options.ts'
import type { ProtocolSwitches } from './lane.ts'
import { joinGates } from './request-gate.ts'

/** The options of a registered service, as with any Connect router. Options left out are taken from the plugin. */
export interface ServiceOptions extends Omit<Partial<ConnectRouterOptions>, 'acceptCompression'> {
  /** The compressions of messages, both ways, by name or as Connect's `Compression` objects. */
  readonly acceptCompression?: CompressionChoice[]
  /**
   * Whether the service's `interceptors` replace those of the plugin, as in Connect. Otherwise they run after them.
   * Gates always add up. Default: false.
   */
  readonly replaceInterceptors?: boolean
  /** The deadline of a call whose client sets none, in milliseconds; 0 for none. Default: that of the plugin. */
  readonly defaultTimeoutMs?: number
  /** Answer REST. False switches it off for the service. Default: as the plugin. */
  readonly rest?: boolean
}

/** A Connect router that accepts the options of Portico. */
export interface PorticoRouter extends ConnectRouter {
  /** Registers a service. */
  service: <T extends DescService>(
    service: T,
    implementation: Partial<ServiceImpl<T>>,
    options?: ServiceOptions,
  ) => this
  /** Registers a single method of a service. */
  rpc: <M extends DescMethod>(method: M, implementation: MethodImpl<M>, options?: ServiceOptions) => this
}

/** What applies to every service of a router, whatever its own options are. */
export interface RouterDefaults extends Pick<ConnectRouterOptions, 'interceptors' | 'requestGate'> {
  /** Interceptors that a service cannot replace; they run first. Default: none. */
  readonly outerInterceptors?: readonly Interceptor[]
  /**
   * The protocols that exist. One that is off here stays off, whatever a service says. Default: options are not
   * checked.
   */
  readonly switches?: ProtocolSwitches
}

const KINDS: OptionKinds<ServiceOptions> = {
  grpc: ['boolean'],
  grpcWeb: ['boolean'],
  connect: ['boolean'],
  rest: ['boolean'],
  interceptors: ['array'],
  replaceInterceptors: ['boolean'],
  requestGate: ['function'],
  readMaxBytes: ['number'],
  writeMaxBytes: ['number'],
  acceptCompression: ['array'],
  compressMinBytes: ['number'],
  jsonOptions: ['object'],
  binaryOptions: ['object'],
  defaultTimeoutMs: ['number'],
  maxTimeoutMs: ['number'],
  shutdownSignal: ['object'],
  requireConnectProtocolHeader: ['boolean'],
}

const NESTED = { jsonOptions: JSON_OPTIONS_SHAPE, binaryOptions: BINARY_OPTIONS_SHAPE }

const ADVICE: Readonly<Record<string, string>> = {
  maxReceiveBytes: 'use readMaxBytes',
  maxSendBytes: 'use writeMaxBytes',
  contextValues: 'an option of portico',
  registry: 'use jsonOptions.registry, or registry of portico',
}

/**
 * Completes the options of a service. In Connect, the options of a service replace those of the router and turn every
 * protocol on again. Here guards add up: a service's interceptors (unless `replaceInterceptors`) and its gate run after
 * those of the router, and a protocol that is off for the router stays off.
 *
 * @param service its name, for errors
 * @throws RangeError that names the unknown or invalid option
 */
export function mergeOptions(
  service: string,
  defaults: RouterDefaults,
  options: ServiceOptions = {},
): Partial<ConnectRouterOptions> {
  if (defaults.switches !== undefined) checkServiceOptions(service, options, defaults.switches)
  const { acceptCompression, replaceInterceptors = false, ...own } = options
  const requestGate = joinGates([defaults.requestGate, options.requestGate].filter((gate) => gate !== undefined))
  return {
    ...own,
    ...(acceptCompression !== undefined && {
      // Connect's type allows promises only, but its code accepts both.
      acceptCompression: readCompressions('acceptCompression', acceptCompression) as ConnectCompressions,
    }),
    ...(requestGate !== undefined && { requestGate }),
    interceptors: [
      ...(defaults.outerInterceptors ?? []),
      ...(replaceInterceptors ? [] : (defaults.interceptors ?? [])),
      ...(options.interceptors ?? []),
    ],
    ...switchesOf(options, defaults.switches),
  }
}

type ConnectCompressions = NonNullable<ConnectRouterOptions['acceptCompression']>

/** Returns an option of ours from options that have passed through Connect's router, whose type does not know it. */
export function defaultTimeoutMsOf(options: object): number | undefined {
  return (options as Pick<ServiceOptions, 'defaultTimeoutMs'>).defaultTimeoutMs
}

/** Names of protocols are options too, and depend on the plugin. */
function checkServiceOptions(service: string, options: ServiceOptions, switches: ProtocolSwitches): void {
  const protocols = Object.keys(switches).map((name): [string, readonly OptionKind[]] => [name, ['boolean']])
  const kinds = { ...Object.fromEntries(protocols), ...KINDS }
  checkOptions(`the options of ${service}`, options, { kinds, nested: NESTED, advice: ADVICE })
  if (options.replaceInterceptors && options.interceptors === undefined) {
    throw new RangeError(`the options of ${service}: replaceInterceptors needs interceptors, [] for none`)
  }
  const { defaultTimeoutMs = 0 } = options
  if (Number.isSafeInteger(defaultTimeoutMs) && defaultTimeoutMs >= 0) return
  throw new RangeError(
    `the options of ${service}: defaultTimeoutMs is ${defaultTimeoutMs}: it must be a whole number from 0`,
  )
}

/** A protocol is on if the router and the service both have it on. */
function switchesOf(options: object, switches: ProtocolSwitches = {}): ProtocolSwitches {
  const own = options as Readonly<Record<string, unknown>>
  return Object.fromEntries(Object.entries(switches).map(([name, isOn]) => [name, isOn && own[name] !== false]))
}
