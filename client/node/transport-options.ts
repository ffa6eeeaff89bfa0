/** The options of a transport, checked once. */
import type { Registry } from '@bufbuild/protobuf'
import type { Interceptor } from '@connectrpc/connect'
import type { CallObserver } from '../../wire/call-observer.ts'
import { type Compression, DEFAULT_COMPRESS_MIN_BYTES } from '../../wire/compression/compression.ts'
import {
  type CompressionChoice,
  DEFAULT_COMPRESSIONS,
  readCompression,
  readCompressions,
} from '../../wire/compression/compression-choice.ts'
import { checkOptions, kindFault, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import {
  BINARY_OPTIONS_SHAPE,
  type BinaryOptions,
  JSON_OPTIONS_SHAPE,
  type JsonOptions,
} from '../../wire/options/codec-options.ts'
import {
  CHANNEL_OPTION_KINDS,
  type ChannelOptions,
  type NormalChannelOptions,
  normalizeChannelOptions,
} from './channel-options.ts'
import { KEEPALIVE_OPTION_KINDS } from './connection/keepalive.ts'
import { TLS_ADVICE, TRANSPORT_ADVICE } from './other-names.ts'
import { TLS_OPTION_KINDS } from './tls/tls-options.ts'

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
  /**
   * Over HTTP/1.1, where a connection carries one call at a time: how many there may be to one address; calls above wait. A whole
   * number from 1 to 65,535. Default 256.
   */
  readonly maxSockets?: number
  /** Whether messages are binary rather than JSON. Default true. */
  readonly useBinaryFormat?: boolean
  /** The types that `google.protobuf.Any` and extensions may hold in JSON. Default: none. Binary needs none. */
  readonly registry?: Registry
  /** How JSON is read and written, for protobuf-es; a registry in it goes before `registry`. Default: unknown fields are ignored. */
  readonly jsonOptions?: JsonOptions
  /** How binary messages are read and written, for protobuf-es. Default: its own. */
  readonly binaryOptions?: BinaryOptions
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
  readonly defaultTimeoutMs?: number
  /** The largest message to receive, in bytes: a whole number from 1 to 4,294,967,295. Default 4,194,304 (4 MiB). */
  readonly readMaxBytes?: number
  /**
   * What the objects of one received message may take in memory, in bytes: a few octets can make thousands of objects. A whole
   * number from 1 to 9,007,199,254,740,991. Default: 8 times `readMaxBytes`.
   */
  readonly decodeBudgetBytes?: number
  /** The largest message to send, in bytes before compression: a whole number from 0 to 4,294,967,295, or Infinity. Default Infinity. */
  readonly writeMaxBytes?: number
  /**
   * What answers may be compressed with, the most preferred first; an empty list for nothing. Default: gzip, zstd where this Node
   * has it, and `sendCompression`.
   */
  readonly acceptCompression?: readonly CompressionChoice[]
  /** What messages are compressed with. Default: nothing. */
  readonly sendCompression?: CompressionChoice
  /** Messages below are not compressed, in bytes: a whole number from 0 to 4,294,967,295. Default 1,024. */
  readonly compressMinBytes?: number
  /**
   * Whether the retry and hedging policies of the service config are heeded (gRFC A6). What no server has looked at is tried
   * again in any case. Default true.
   */
  readonly retry?: boolean
  /**
   * Receive how calls and their attempts go, in this order. What one throws ends no call: it is reported once, as a warning of
   * the process. Default: none.
   */
  readonly observers?: readonly CallObserver[]
}

/** How a transport calls. */
type CallingOptions = Omit<TransportOptions, keyof ChannelOptions>

/** The options that have no default. */
type OptionalName = 'decodeBudgetBytes' | 'defaultTimeoutMs' | 'registry' | 'jsonOptions' | 'binaryOptions'

/** What is read from the options. */
interface ReadOptions {
  readonly channel: NormalChannelOptions
  /** Null: nothing. */
  readonly sendCompression: Compression | null
  readonly acceptCompression: readonly Compression[]
}

/** Complete options, with the defaults filled in. */
export interface NormalTransportOptions
  extends ReadOptions,
    Readonly<Required<Omit<CallingOptions, OptionalName | keyof ReadOptions>> & Pick<CallingOptions, OptionalName>> {}

const MAX_TIMEOUT_MS = 2_147_483_647
const MAX_MESSAGE_BYTES = 4_294_967_295
const MAX_SOCKETS = 65_535

const DEFAULTS = {
  protocol: 'grpc',
  httpVersion: '2',
  maxSockets: 256,
  useBinaryFormat: true,
  useHttpGet: false,
  interceptors: [],
  propagation: true,
  readMaxBytes: 4 * 1024 * 1024,
  writeMaxBytes: Number.POSITIVE_INFINITY,
  compressMinBytes: DEFAULT_COMPRESS_MIN_BYTES,
  retry: true,
  observers: [],
} as const satisfies CallingOptions

/** What the options can be. */
export const TRANSPORT_OPTION_KINDS: OptionKinds<TransportOptions> = {
  ...CHANNEL_OPTION_KINDS,
  protocol: ['any'],
  httpVersion: ['any'],
  maxSockets: ['number'],
  useBinaryFormat: ['boolean'],
  registry: ['object'],
  jsonOptions: ['object'],
  binaryOptions: ['object'],
  useHttpGet: ['boolean'],
  interceptors: ['array'],
  propagation: ['boolean'],
  defaultTimeoutMs: ['number'],
  readMaxBytes: ['number'],
  decodeBudgetBytes: ['number'],
  writeMaxBytes: ['number'],
  acceptCompression: ['array'],
  sendCompression: ['any'],
  compressMinBytes: ['number'],
  retry: ['boolean'],
  observers: ['array'],
}

const SHAPE: OptionShape = {
  kinds: TRANSPORT_OPTION_KINDS,
  nested: {
    tls: { kinds: TLS_OPTION_KINDS, advice: TLS_ADVICE },
    keepalive: { kinds: KEEPALIVE_OPTION_KINDS },
    jsonOptions: JSON_OPTIONS_SHAPE,
    binaryOptions: BINARY_OPTIONS_SHAPE,
  },
  advice: TRANSPORT_ADVICE,
}

/**
 * Fills in the defaults.
 *
 * @throws RangeError naming the option, its value and what it may be, or each name that is not an option
 */
export function normalizeTransportOptions(options: TransportOptions): NormalTransportOptions {
  checkOptions('createTransport', options, SHAPE)
  for (const [index, each] of (options.interceptors ?? []).entries()) {
    const fault = kindFault(`interceptors[${index}]`, each, ['function'])
    if (fault !== undefined) throw new RangeError(fault)
  }
  const normal = { ...DEFAULTS, ...options }
  const { protocol, httpVersion, defaultTimeoutMs, readMaxBytes, writeMaxBytes } = normal
  assertOneOf('protocol', protocol, PROTOCOLS)
  assertOneOf('httpVersion', httpVersion, ['1.1', '2'])
  if (protocol === 'grpc' && httpVersion === '1.1') {
    throw new RangeError('httpVersion is "1.1", and must be "2" for protocol "grpc"')
  }
  if (normal.useHttpGet && protocol !== 'connect') {
    throw new RangeError(`useHttpGet is true, and must be false for protocol "${protocol}"`)
  }
  assertWhole('maxSockets', normal.maxSockets, MAX_SOCKETS)
  if (defaultTimeoutMs !== undefined) assertWhole('defaultTimeoutMs', defaultTimeoutMs, MAX_TIMEOUT_MS)
  assertWhole('readMaxBytes', readMaxBytes, MAX_MESSAGE_BYTES)
  const { decodeBudgetBytes } = normal
  if (decodeBudgetBytes !== undefined) assertWhole('decodeBudgetBytes', decodeBudgetBytes, Number.MAX_SAFE_INTEGER)
  if (writeMaxBytes !== Number.POSITIVE_INFINITY) assertWhole('writeMaxBytes', writeMaxBytes, MAX_MESSAGE_BYTES, 0)
  assertWhole('compressMinBytes', normal.compressMinBytes, MAX_MESSAGE_BYTES, 0)
  return Object.freeze({ ...normal, ...readCompressionsOf(options), channel: normalizeChannelOptions(options) })
}

/** A client that sends in a compression which is not accepted by default is answered in it too. */
function readCompressionsOf(options: CallingOptions): Pick<ReadOptions, 'sendCompression' | 'acceptCompression'> {
  const { sendCompression: choice, acceptCompression: choices } = options
  const sent = choice === undefined ? null : readCompression('sendCompression', choice)
  if (choices !== undefined) {
    return { sendCompression: sent, acceptCompression: readCompressions('acceptCompression', choices) }
  }
  const isDefault = sent === null || DEFAULT_COMPRESSIONS.includes(sent)
  return {
    sendCompression: sent,
    acceptCompression: isDefault ? DEFAULT_COMPRESSIONS : [...DEFAULT_COMPRESSIONS, sent],
  }
}

function assertOneOf(name: string, value: string, values: readonly string[]): void {
  if (values.includes(value)) return
  throw new RangeError(`${name} is ${JSON.stringify(value)}, and must be one of ${values.join(', ')}`)
}

function assertWhole(name: string, value: number, max: number, min = 1): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new RangeError(`${name} is ${value}, and must be a whole number from ${min} to ${max}`)
}
