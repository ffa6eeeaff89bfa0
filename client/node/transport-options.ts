/** The options of a transport, checked once. */
import { createSecureContext } from 'node:tls'
import type { Registry } from '@bufbuild/protobuf'
import type { Interceptor } from '@connectrpc/connect'

/** The protocols that a transport speaks. */
export const PROTOCOLS = ['grpc', 'grpc-web', 'connect'] as const

/** One of the protocols that a transport speaks. */
export type Protocol = (typeof PROTOCOLS)[number]

/** How to verify a server, and how to be verified by it. For `https:` only. */
export interface TlsOptions {
  /** PEM certificates to trust instead of the well-known ones. */
  readonly ca?: string | Buffer
  /** The client's own PEM certificate chain; only together with `key`. */
  readonly cert?: string | Buffer
  /** The PEM key of `cert`. */
  readonly key?: string | Buffer
  /** The name that is asked for (SNI) and that the server's certificate must bear. Default: the host of `baseUrl`. */
  readonly servername?: string
  /** Accept any certificate: the server may then be anybody. Default false. */
  readonly insecure?: boolean
}

/** Where a transport calls, and how. */
export interface TransportOptions {
  /** `http://host:port` or `https://host:port`; a path is put before the path of each method. */
  readonly baseUrl: string
  /** Default `grpc`. */
  readonly protocol?: Protocol
  /** Default `2`; over `http:` that is HTTP/2 from the first byte, without an upgrade. gRPC is HTTP/2 only. */
  readonly httpVersion?: '1.1' | '2'
  /** How messages are written. Default `binary`. */
  readonly format?: 'binary' | 'json'
  /** The types that `google.protobuf.Any` and extensions may hold in JSON. Default: none. Binary needs none. */
  readonly registry?: Registry
  /** Send unary calls without side effects as HTTP GET, which caches understand. Connect only. Default false. */
  readonly useHttpGet?: boolean
  /** Run around every call, the first outermost. */
  readonly interceptors?: readonly Interceptor[]
  /** The deadline of calls that set none, in milliseconds: a whole number from 1 to 2,147,483,647. Default: none. */
  readonly timeoutMs?: number
  /** The largest message to receive, in bytes: a whole number from 1 to 4,294,967,295. Default 4,194,304 (4 MiB). */
  readonly maxReceiveBytes?: number
  /** The host that requests name (`:authority`, or `Host` over HTTP/1.1). Default: that of `baseUrl`. */
  readonly authority?: string
  /** For `https:` only. */
  readonly tls?: TlsOptions
}

/** The options that have no default. */
type OptionalName = 'timeoutMs' | 'authority' | 'registry'

/** Complete options, with the defaults filled in. */
export type NormalTransportOptions = Readonly<
  Required<Omit<TransportOptions, OptionalName>> & Pick<TransportOptions, OptionalName>
>

const MAX_TIMEOUT_MS = 2_147_483_647
const MAX_MESSAGE_BYTES = 4_294_967_295

const DEFAULTS = {
  protocol: 'grpc',
  httpVersion: '2',
  format: 'binary',
  useHttpGet: false,
  interceptors: [],
  maxReceiveBytes: 4 * 1024 * 1024,
  tls: {},
} as const satisfies Omit<TransportOptions, 'baseUrl'>

/**
 * Fills in the defaults.
 *
 * @throws RangeError naming the option, its value and what it may be
 */
export function normalizeTransportOptions(options: TransportOptions): NormalTransportOptions {
  const normal = { ...DEFAULTS, ...options }
  const { protocol, httpVersion, timeoutMs, maxReceiveBytes, tls } = normal
  assertBaseUrl(normal.baseUrl, tls)
  if (protocol === 'grpc' && httpVersion === '1.1') {
    throw new RangeError('httpVersion is "1.1", and must be "2" for protocol "grpc"')
  }
  if (normal.useHttpGet && protocol !== 'connect') {
    throw new RangeError(`useHttpGet is true, and must be false for protocol "${protocol}"`)
  }
  if (timeoutMs !== undefined) assertWhole('timeoutMs', timeoutMs, MAX_TIMEOUT_MS)
  assertWhole('maxReceiveBytes', maxReceiveBytes, MAX_MESSAGE_BYTES)
  assertTls(tls)
  return Object.freeze(normal)
}

function assertBaseUrl(baseUrl: string, tls: TlsOptions): void {
  const protocol = URL.canParse(baseUrl) ? new URL(baseUrl).protocol : undefined
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new RangeError(`baseUrl is "${baseUrl}", and must be an http: or https: URL`)
  }
  if (protocol === 'http:' && Object.keys(tls).length > 0) {
    throw new RangeError(`baseUrl is "${baseUrl}", and must be an https: URL for the tls option`)
  }
}

function assertWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new RangeError(`${name} is ${value}, and must be a whole number from 1 to ${max}`)
}

/** A context is built to see that it can be: the one that is used later is built by Node for the connection. */
function assertTls({ ca, cert, key }: TlsOptions): void {
  if ((cert === undefined) !== (key === undefined)) throw new RangeError('tls.cert and tls.key must come together')
  try {
    createSecureContext({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) })
  } catch (cause) {
    throw new RangeError('tls.ca, tls.cert and tls.key must be PEM, and the key must be that of the certificate', {
      cause,
    })
  }
}
