/** The options of a transport, validated once. */
import type { Registry } from '@bufbuild/protobuf'
import type { Interceptor } from '@connectrpc/connect'
import type { CallObserver } from '../../wire/call-observer.ts'
import { CODEC_KINDS, type CodecKind, DEFAULT_CODEC_KIND } from '../../wire/codec/codec-settings.ts'
import { type Compression, DEFAULT_COMPRESS_MIN_BYTES } from '../../wire/compression/compression.ts'
import {
  type CompressionChoice,
  DEFAULT_COMPRESSIONS,
  readCompression,
  readCompressions,
} from '../../wire/compression/compression-choice.ts'
import {
  assertWhole,
  checkOptions,
  kindFault,
  type OptionKinds,
  type OptionShape,
} from '../../wire/options/check-options.ts'
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

/** The options of `createTransport`. */
export interface TransportOptions extends ChannelOptions {
  /** Default `grpc`. */
  readonly protocol?: Protocol
  /** The HTTP version. Without TLS, `2` is HTTP/2 with prior knowledge. gRPC requires `2`. Default `2`. */
  readonly httpVersion?: '1.1' | '2'
  /**
   * HTTP/1.1: maximum number of connections per address, each of which carries one call at a time. Further calls wait. A whole number from
   * 1 to 65,535. Default 256.
   */
  readonly maxSockets?: number
  /** Whether messages are binary rather than JSON. Default: true. */
  readonly useBinaryFormat?: boolean
  /** The types of `google.protobuf.Any` and of extensions, for JSON. Default: none. */
  readonly registry?: Registry
  /** JSON options of protobuf-es. A registry in it takes precedence over `registry`. Default: ignore unknown fields. */
  readonly jsonOptions?: JsonOptions
  /** Binary options of protobuf-es. Default: those of protobuf-es. */
  readonly binaryOptions?: BinaryOptions
  /** Whether to send unary calls without side effects as HTTP GET, which can be cached. Connect only. Default: false. */
  readonly useHttpGet?: boolean
  /** Interceptors of every call, the first outermost. */
  readonly interceptors?: readonly Interceptor[]
  /**
   * Whether a call made while a handler of this process runs inherits the handler's remaining deadline, its cancellation, and its
   * `traceparent`, `tracestate` and `baggage`. The context value `detached` excludes a single call. Default: true.
   */
  readonly propagation?: boolean
  /** The timeout of calls that set none, in milliseconds: a whole number from 1 to 2,147,483,647. Default: none. */
  readonly defaultTimeoutMs?: number
  /** Maximum size of a received message, in bytes: a whole number from 1 to 4,294,967,295. Default 4,194,304 (4 MiB). */
  readonly readMaxBytes?: number
  /**
   * Maximum memory of the objects of one received message, in bytes, as a few octets can decode to thousands of objects. A whole number
   * from 1 to 9,007,199,254,740,991. Default: 8 times `readMaxBytes`.
   */
  readonly decodeBudgetBytes?: number
  /**
   * How messages are encoded and decoded: `compiled`, by functions made from their descriptors at first use; or `reflective`, by
   * protobuf-es, at several times the cost. Messages and bytes are the same. Default: `compiled`.
   */
  readonly codec?: CodecKind
  /** Maximum size of a sent message, in bytes before compression: a whole number from 0 to 4,294,967,295, or Infinity. Default Infinity. */
  readonly writeMaxBytes?: number
  /**
   * Accepted compressions of responses, most preferred first; an empty list for none. Default: gzip, zstd where this Node has it, and
   * `sendCompression`.
   */
  readonly acceptCompression?: readonly CompressionChoice[]
  /** The compression of sent messages. Default: none. */
  readonly sendCompression?: CompressionChoice
  /** Minimum size of messages to compress, in bytes: a whole number from 0 to 4,294,967,295. Default 1,024. */
  readonly compressMinBytes?: number
  /**
   * Whether to apply the retry and hedging policies of the service config (gRFC A6). Requests that no server has processed are retried in
   * any case. Default: true.
   */
  readonly retry?: boolean
  /**
   * Observers of calls and their attempts, called in this order. Errors that they throw do not affect calls, and are reported once, as a
   * process warning. Default: none.
   */
  readonly observers?: readonly CallObserver[]
}

/** The options that concern calls. */
type CallingOptions = Omit<TransportOptions, keyof ChannelOptions>

/** The options that have no default. */
type OptionalName = 'decodeBudgetBytes' | 'defaultTimeoutMs' | 'registry' | 'jsonOptions' | 'binaryOptions'

/** Options that are converted. */
interface ReadOptions {
  readonly channel: NormalChannelOptions
  /** Null: nothing. */
  readonly sendCompression: Compression | null
  readonly acceptCompression: readonly Compression[]
}

/** Complete, validated options. */
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
  codec: DEFAULT_CODEC_KIND,
  writeMaxBytes: Number.POSITIVE_INFINITY,
  compressMinBytes: DEFAULT_COMPRESS_MIN_BYTES,
  retry: true,
  observers: [],
} as const satisfies CallingOptions

/** The kinds of the options. */
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
  codec: ['any'],
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
 * Validates options and adds defaults.
 *
 * @throws RangeError that names the option, its value and its range, or each unknown name
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
  assertOneOf('codec', normal.codec, CODEC_KINDS)
  assertOneOf('httpVersion', httpVersion, ['1.1', '2'])
  if (protocol === 'grpc' && httpVersion === '1.1') {
    throw new RangeError('httpVersion is "1.1", and must be "2" for protocol "grpc"')
  }
  if (normal.useHttpGet && protocol !== 'connect') {
    throw new RangeError(`useHttpGet is true, and must be false for protocol "${protocol}"`)
  }
  assertWhole('maxSockets', normal.maxSockets, { max: MAX_SOCKETS })
  if (defaultTimeoutMs !== undefined) assertWhole('defaultTimeoutMs', defaultTimeoutMs, { max: MAX_TIMEOUT_MS })
  assertWhole('readMaxBytes', readMaxBytes, { max: MAX_MESSAGE_BYTES })
  const { decodeBudgetBytes } = normal
  if (decodeBudgetBytes !== undefined)
    assertWhole('decodeBudgetBytes', decodeBudgetBytes, { max: Number.MAX_SAFE_INTEGER })
  if (writeMaxBytes !== Number.POSITIVE_INFINITY)
    assertWhole('writeMaxBytes', writeMaxBytes, { min: 0, max: MAX_MESSAGE_BYTES })
  assertWhole('compressMinBytes', normal.compressMinBytes, { min: 0, max: MAX_MESSAGE_BYTES })
  return Object.freeze({ ...normal, ...readCompressionsOf(options), channel: normalizeChannelOptions(options) })
}

/** Also accepts the compression that the client sends, if it is not accepted by default. */
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

function assertOneOf(name: string, value: unknown, values: readonly string[]): void {
  if (values.some((each) => each === value)) return
  throw new RangeError(`${name} is ${JSON.stringify(value)}, and must be one of ${values.join(', ')}`)
}
