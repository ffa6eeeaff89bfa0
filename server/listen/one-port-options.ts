/** The options of `onePort`, validated once into one frozen object. */
import {
  type Http2Options,
  headerBlockLimits,
  type NormalizedHttp2Options,
  normalizeHttp2Options,
} from '../../wire/http2/http2.ts'
import { type OptionKind, type OptionKinds, type OptionShape, optionFaults } from '../../wire/options/check-options.ts'
import { type AllowedHosts, normalizeAllowedHosts } from './host-guard.ts'
import {
  KEEPALIVE_SHAPE,
  normalizeKeepaliveOptions,
  pingPolicyOf,
  type ResolvedKeepaliveOptions,
  type ServerKeepaliveOptions,
} from './keepalive-options.ts'
import { ONE_PORT_ADVICE } from './one-port-advice.ts'
import { normalizeTlsOptions } from './tls/normalize-tls-options.ts'
import { type ResolvedTlsOptions, TLS_SHAPE, type TlsOptions } from './tls/tls-options.ts'

/** The options of `onePort`, all optional. Times are in milliseconds, sizes in bytes; 0 means off only where stated. */
export interface OnePortOptions {
  /** TLS, with ALPN h2 and http/1.1. Default: none, cleartext only. */
  readonly tls?: TlsOptions
  /** Whether to accept cleartext besides TLS on the same port. Default: false with `tls`; always true without. */
  readonly allowsCleartext?: boolean
  /**
   * The hosts that requests may name in Host or :authority, besides those of the loopback (`localhost`, `*.localhost`,
   * 127.0.0.0/8, [::1]) and the address that the connection came to. `.example.com` allows `example.com` and all names
   * below it, `true` allows all hosts. Other requests are refused with 403 if a web page may have sent them, which
   * prevents DNS rebinding. Default: no others if the port listens on a loopback address, otherwise all.
   */
  readonly allowedHosts?: AllowedHosts
  /**
   * Open connections. A new one above the limit replaces the one that has been idle longest, if that is at least 10 s;
   * otherwise it is closed at once. Logged at most once a minute. Default 10,000, range 1 to 1,000,000.
   */
  readonly maxConnections?: number
  /**
   * Open connections per IPv4 address or IPv6 /64; more are closed at once. Behind a proxy all connections have the
   * proxy's address. Default 0 (no limit), range 0 to 1,000,000.
   */
  readonly maxConnectionsPerAddress?: number
  /** Concurrent calls per HTTP/2 connection (SETTINGS_MAX_CONCURRENT_STREAMS). Default 100, range 1 to 100,000. */
  readonly maxConcurrentStreams?: number
  /** Size of a request's header list, in both HTTP versions. Default 16,384, range 1,024 to 1,048,576. */
  readonly maxHeaderListBytes?: number
  /** Number of header fields of a request. Default 100, range 10 to 10,000. */
  readonly maxHeaderFields?: number
  /**
   * How long a new connection may take to send the bytes that tell its protocol. Default 5,000, range 10 to 300,000.
   */
  readonly sniffTimeoutMs?: number
  /**
   * How long a TLS handshake may take. Also how long an HTTP/2 client may take to send its SETTINGS and to acknowledge
   * those of the server. Default 10,000, range 10 to 300,000.
   */
  readonly handshakeTimeoutMs?: number
  /** How long the headers of an HTTP/1.1 request may take. Default 10,000, range 10 to 300,000. */
  readonly headerTimeoutMs?: number
  /**
   * How long an ordinary HTTP/1.1 request may take to arrive completely; calls are exempt. Default 30,000, range 0
   * (off) to 3,600,000.
   */
  readonly requestTimeoutMs?: number
  /**
   * How long a client may take to send the rest of a message, or to read a response. Over HTTP/2 five times as long for
   * a response that is not complete (`http2.liveStallTimeoutMs`). Default 60,000, range 0 (off) to 3,600,000.
   */
  readonly stallTimeoutMs?: number
  /** How long an idle HTTP/1.1 connection stays open. Default 72,000, range 0 (off) to 3,600,000. */
  readonly keepAliveTimeoutMs?: number
  /**
   * How long an HTTP/2 connection without a stream stays open. An HTTP/1.1 connection that was idle for longer, which only
   * `keepAliveTimeoutMs` closes, is closed after its next response. Default 300,000, range 0 (off) to 86,400,000.
   */
  readonly idleTimeoutMs?: number
  /** PINGs of the server, how often clients may ping, and the age of connections. Defaults: see each option. */
  readonly keepalive?: ServerKeepaliveOptions
  /**
   * The longest deadline that a client may set; longer ones are clamped. Default 86,400,000, range 1,000 to
   * 2,147,483,647.
   */
  readonly maxTimeoutMs?: number
  /**
   * How long a drain may take, with its wait for balancers, before open calls are ended and their connections cut. Default
   * 25,000, range 0 to 3,600,000.
   */
  readonly drainTimeoutMs?: number
  /** Flow-control windows, buffers and flood limits of HTTP/2 on the native lane. Defaults: see each option. */
  readonly http2?: Http2Tuning
}

/** The options of our own HTTP/2, except those that the port sets for both HTTP versions. */
export type Http2Tuning = Omit<
  Http2Options,
  | 'maxConcurrentStreams'
  | 'maxHeaderListBytes'
  | 'maxHeaderFields'
  | 'handshakeTimeoutMs'
  | 'headerTimeoutMs'
  | 'stallTimeoutMs'
  | 'allowsConnectProtocol'
  | 'routes'
  | 'pingPolicy'
  | 'timers'
  | 'memory'
>

/** All options, with their values. */
export type ResolvedOnePortOptions = Readonly<
  Required<Omit<OnePortOptions, 'tls' | 'http2' | 'keepalive' | 'allowedHosts'>> & {
    tls: ResolvedTlsOptions | undefined
    http2: NormalizedHttp2Options
    keepalive: ResolvedKeepaliveOptions
    allowedHosts: AllowedHosts | undefined
  }
>

type NumberOption = Exclude<keyof OnePortOptions, 'tls' | 'allowsCleartext' | 'allowedHosts' | 'http2' | 'keepalive'>

/** Default, minimum, maximum. */
const NUMBERS: Readonly<Record<NumberOption, readonly [number, number, number]>> = {
  maxConnections: [10_000, 1, 1_000_000],
  maxConnectionsPerAddress: [0, 0, 1_000_000],
  maxConcurrentStreams: [100, 1, 100_000],
  maxHeaderListBytes: [16_384, 1_024, 1_048_576],
  maxHeaderFields: [100, 10, 10_000],
  sniffTimeoutMs: [5_000, 10, 300_000],
  handshakeTimeoutMs: [10_000, 10, 300_000],
  headerTimeoutMs: [10_000, 10, 300_000],
  requestTimeoutMs: [30_000, 0, 3_600_000],
  stallTimeoutMs: [60_000, 0, 3_600_000],
  keepAliveTimeoutMs: [72_000, 0, 3_600_000],
  idleTimeoutMs: [300_000, 0, 86_400_000],
  maxTimeoutMs: [86_400_000, 1_000, 2_147_483_647],
  drainTimeoutMs: [25_000, 0, 3_600_000],
}

/**
 * Completes and checks the options.
 *
 * @throws RangeError that names every invalid value and every unknown name
 */
export function normalizeOnePortOptions(options: OnePortOptions): ResolvedOnePortOptions {
  const allowed = options.allowedHosts === undefined ? undefined : normalizeAllowedHosts(options.allowedHosts)
  const tls = isObject(options.tls) ? normalizeTlsOptions(options.tls) : undefined
  const keepalive = normalizeKeepaliveOptions(isObject(options.keepalive) ? options.keepalive : undefined)
  const faults = [
    ...optionFaults(options, ONE_PORT_SHAPE),
    ...(tls?.faults ?? []),
    ...(allowed?.faults ?? []),
    ...keepalive.faults,
  ]
  const numbers = {} as Record<NumberOption, number>
  for (const [name, [fallback, least, most]] of Object.entries(NUMBERS) as [NumberOption, [number, number, number]][]) {
    const value = options[name] ?? fallback
    if (typeof value === 'number' && !isWithin(value, least, most)) {
      faults.push(`${name} is ${value}: it must be an integer from ${least} to ${most}`)
    }
    numbers[name] = value
  }
  if (faults.length > 0) throw new RangeError(`onePort: ${faults.join('; ')}`)
  const allowsCleartext = options.tls === undefined || (options.allowsCleartext ?? false)
  return Object.freeze({
    ...numbers,
    tls: tls?.resolved,
    allowsCleartext,
    allowedHosts: allowed?.hosts,
    keepalive: keepalive.resolved,
    http2: http2Options(numbers, { ...options.http2, pingPolicy: pingPolicyOf(keepalive.resolved) }),
  })
}

function isObject<T>(value: T | undefined): value is T & object {
  return typeof value === 'object' && value !== null
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

/** @throws RangeError that names every option out of its range, as `http2.NAME` */
function http2Options(
  numbers: Readonly<Record<NumberOption, number>>,
  tuning: Http2Tuning & Pick<Http2Options, 'pingPolicy'>,
): NormalizedHttp2Options {
  const { maxConcurrentStreams, maxHeaderListBytes, maxHeaderFields, handshakeTimeoutMs, headerTimeoutMs } = numbers
  const streamWindowBytes = tuning.streamWindowBytes ?? STREAM_WINDOW_BYTES
  const isStallOff = numbers.stallTimeoutMs === 0
  return normalizeHttp2Options('server', {
    // Enough for the largest number of streams to have data in flight.
    sessionBufferBytes: Math.max(SESSION_BUFFER_BYTES, maxConcurrentStreams * streamWindowBytes),
    streamWindowBytes,
    ...headerBlockLimits(maxHeaderListBytes),
    liveStallTimeoutMs: isStallOff ? NEVER_MS : LIVE_STALLS * numbers.stallTimeoutMs,
    ...tuning,
    maxConcurrentStreams,
    maxHeaderListBytes,
    maxHeaderFields: maxHeaderFields + PSEUDO_HEADERS,
    handshakeTimeoutMs,
    headerTimeoutMs,
    stallTimeoutMs: isStallOff ? NEVER_MS : numbers.stallTimeoutMs,
  })
}

const NUMBER: readonly OptionKind[] = ['number']

/** HTTP/2 options that the port sets itself. */
const PORT_NAMES: readonly string[] = [
  'maxConcurrentStreams',
  'maxHeaderListBytes',
  'maxHeaderFields',
  'handshakeTimeoutMs',
  'headerTimeoutMs',
  'stallTimeoutMs',
]

const HTTP2_NAMES = Object.entries(normalizeHttp2Options('server'))
  .filter(([name, value]) => typeof value === 'number' && !PORT_NAMES.includes(name))
  .map(([name]) => name)

/** The names and types of the options. */
export const ONE_PORT_SHAPE: OptionShape = {
  kinds: {
    ...numberKinds(Object.keys(NUMBERS) as NumberOption[]),
    tls: ['object'],
    allowsCleartext: ['boolean'],
    allowedHosts: ['any'],
    keepalive: ['object'],
    http2: ['object'],
  } satisfies OptionKinds<OnePortOptions>,
  nested: {
    tls: TLS_SHAPE,
    keepalive: KEEPALIVE_SHAPE,
    http2: { kinds: numberKinds(HTTP2_NAMES) },
  },
  advice: ONE_PORT_ADVICE,
}

function numberKinds<Name extends string>(names: readonly Name[]): Record<Name, readonly OptionKind[]> {
  return Object.fromEntries(names.map((name) => [name, NUMBER])) as Record<Name, readonly OptionKind[]>
}

const STREAM_WINDOW_BYTES = 131_072
const SESSION_BUFFER_BYTES = 16_777_216
/** The pseudo-headers of a request. HTTP/2 counts them as fields; in HTTP/1.1 they are the request line. */
const PSEUDO_HEADERS = 4
/** The client of an unfinished response may pause for good reasons, so it gets more time. */
const LIVE_STALLS = 5
/** The longest time that HTTP/2 sessions can wait. */
const NEVER_MS = 86_400_000
