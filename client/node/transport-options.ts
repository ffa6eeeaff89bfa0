/** The options of a transport, checked once. */
import type { Registry } from '@bufbuild/protobuf'
import type { Interceptor } from '@connectrpc/connect'
import { type ChannelOptions, type NormalChannelOptions, normalizeChannelOptions } from './channel-options.ts'

/** The protocols that a transport speaks. */
export const PROTOCOLS = ['grpc', 'grpc-web', 'connect'] as const

/** One of the protocols that a transport speaks. */
export type Protocol = (typeof PROTOCOLS)[number]

/** Where a transport calls, and how. */
export interface TransportOptions extends ChannelOptions {
  /** Default `grpc`. */
  readonly protocol?: Protocol
  /** Default `2`; without TLS that is HTTP/2 from the first byte, without an upgrade. gRPC is HTTP/2 only. */
  readonly httpVersion?: '1.1' | '2'
  /** How messages are written. Default `binary`. */
  readonly format?: 'binary' | 'json'
  /** The types that `google.protobuf.Any` and extensions may hold in JSON. Default: none. Binary needs none. */
  readonly registry?: Registry
  /** Send unary calls without side effects as HTTP GET, which caches understand. Connect only. Default false. */
  readonly useHttpGet?: boolean
  /** Run around every call, the first outermost. */
  readonly interceptors?: readonly Interceptor[]
  /**
   * Whether a call that is made while a handler of this process runs inherits what is left of its deadline, its
   * cancellation, and its `traceparent`, `tracestate` and `baggage`. A single call opts out by the context value `detached`.
   * Default true.
   */
  readonly propagation?: boolean
  /** The deadline of calls that set none, in milliseconds: a whole number from 1 to 2,147,483,647. Default: none. */
  readonly timeoutMs?: number
  /** The largest message to receive, in bytes: a whole number from 1 to 4,294,967,295. Default 4,194,304 (4 MiB). */
  readonly maxReceiveBytes?: number
}

/** How a transport calls. */
type CallingOptions = Omit<TransportOptions, keyof ChannelOptions>

/** The options that have no default. */
type OptionalName = 'timeoutMs' | 'registry'

/** Complete options, with the defaults filled in. */
export interface NormalTransportOptions
  extends Readonly<Required<Omit<CallingOptions, OptionalName>> & Pick<CallingOptions, OptionalName>> {
  readonly channel: NormalChannelOptions
}

const MAX_TIMEOUT_MS = 2_147_483_647
const MAX_MESSAGE_BYTES = 4_294_967_295

const DEFAULTS = {
  protocol: 'grpc',
  httpVersion: '2',
  format: 'binary',
  useHttpGet: false,
  interceptors: [],
  propagation: true,
  maxReceiveBytes: 4 * 1024 * 1024,
} as const satisfies CallingOptions

/**
 * Fills in the defaults.
 *
 * @throws RangeError naming the option, its value and what it may be
 */
export function normalizeTransportOptions(options: TransportOptions): NormalTransportOptions {
  const normal = { ...DEFAULTS, ...options }
  const { protocol, httpVersion, timeoutMs, maxReceiveBytes } = normal
  if (protocol === 'grpc' && httpVersion === '1.1') {
    throw new RangeError('httpVersion is "1.1", and must be "2" for protocol "grpc"')
  }
  if (normal.useHttpGet && protocol !== 'connect') {
    throw new RangeError(`useHttpGet is true, and must be false for protocol "${protocol}"`)
  }
  if (timeoutMs !== undefined) assertWhole('timeoutMs', timeoutMs, MAX_TIMEOUT_MS)
  assertWhole('maxReceiveBytes', maxReceiveBytes, MAX_MESSAGE_BYTES)
  return Object.freeze({ ...normal, channel: normalizeChannelOptions(options) })
}

function assertWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new RangeError(`${name} is ${value}, and must be a whole number from 1 to ${max}`)
}
