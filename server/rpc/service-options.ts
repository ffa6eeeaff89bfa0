/** The options that a service is registered with, and what they make of those of the plugin. */
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import type { ConnectRouter, ConnectRouterOptions, Interceptor, MethodImpl, ServiceImpl } from '@connectrpc/connect'
import { type CompressionChoice, readCompressions } from '../../wire/compression/compression-choice.ts'
import { checkOptions, type OptionKind, type OptionKinds } from '../../wire/options/check-options.ts'
import { BINARY_OPTIONS_SHAPE, JSON_OPTIONS_SHAPE } from '../../wire/options/codec-options.ts'
import type { ProtocolSwitches } from './lane.ts'

/** What a service may be registered with, as with any Connect router; what is left out is as the plugin says. */
export interface ServiceOptions extends Omit<Partial<ConnectRouterOptions>, 'acceptCompression'> {
  /** What messages may be compressed with, both ways, by name or as `Compression` objects of Connect. */
  readonly acceptCompression?: CompressionChoice[]
  /**
   * Whether the service's `interceptors` take the place of the plugin's, as they do in Connect; else they run behind them. Gates add
   * up in any case. Default: false.
   */
  readonly replaceInterceptors?: boolean
}

/** A Connect router whose services take the options that there are here. */
export interface PorticoRouter extends ConnectRouter {
  /** Registers a service. */
  service: <T extends DescService>(
    service: T,
    implementation: Partial<ServiceImpl<T>>,
    options?: ServiceOptions,
  ) => this
  /** Registers a method of a service. */
  rpc: <M extends DescMethod>(method: M, implementation: MethodImpl<M>, options?: ServiceOptions) => this
}

/** What holds for every service of a router, whatever options a service has of its own. */
export interface RouterDefaults extends Pick<ConnectRouterOptions, 'interceptors' | 'requestGate'> {
  /** Interceptors that no service replaces; they run first. Default: none. */
  readonly outerInterceptors?: readonly Interceptor[]
  /** The protocols that there are, off whatever a service says where they are off here. Default: not known. */
  readonly switches?: ProtocolSwitches
}

const KINDS: OptionKinds<ServiceOptions> = {
  grpc: ['boolean'],
  grpcWeb: ['boolean'],
  connect: ['boolean'],
  interceptors: ['array'],
  replaceInterceptors: ['boolean'],
  requestGate: ['function'],
  readMaxBytes: ['number'],
  writeMaxBytes: ['number'],
  acceptCompression: ['array'],
  compressMinBytes: ['number'],
  jsonOptions: ['object'],
  binaryOptions: ['object'],
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
 * Completes the options of a service. One that has options replaces those of the router in Connect, and gets every protocol. Here
 * guards add up: its interceptors (unless it says `replaceInterceptors`) and its gate run after those of the router, and a
 * protocol that the router disables stays disabled.
 *
 * @param service its name, for errors
 * @throws RangeError naming what is not an option
 */
export function mergeOptions(
  service: string,
  defaults: RouterDefaults,
  options: ServiceOptions = {},
): Partial<ConnectRouterOptions> {
  if (defaults.switches !== undefined) checkServiceOptions(service, options, defaults.switches)
  const { acceptCompression, replaceInterceptors = false, ...own } = options
  const requestGate = inOrder(defaults.requestGate, options.requestGate)
  return {
    ...own,
    ...(acceptCompression !== undefined && {
      // Connect's type has promises alone, but takes both.
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

function checkServiceOptions(service: string, options: ServiceOptions, switches: ProtocolSwitches): void {
  const protocols = Object.keys(switches).map((name): [string, readonly OptionKind[]] => [name, ['boolean']])
  const kinds = { ...Object.fromEntries(protocols), ...KINDS }
  checkOptions(`the options of ${service}`, options, { kinds, nested: NESTED, advice: ADVICE })
  if (options.replaceInterceptors && options.interceptors === undefined) {
    throw new RangeError(`the options of ${service}: replaceInterceptors needs interceptors, [] for none`)
  }
}

/** Each switch of the router, off where either says so. */
function switchesOf(options: object, switches: ProtocolSwitches = {}): ProtocolSwitches {
  const own = options as Readonly<Record<string, unknown>>
  return Object.fromEntries(Object.entries(switches).map(([name, isOn]) => [name, isOn && own[name] !== false]))
}

type RequestGate = NonNullable<ConnectRouterOptions['requestGate']>

/** The second gate sees no call that the first one refuses. */
function inOrder(first: RequestGate | undefined, second: RequestGate | undefined): RequestGate | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return async (context) => {
    await first(context)
    await second(context)
  }
}
