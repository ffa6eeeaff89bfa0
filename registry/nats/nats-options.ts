/** The options of everything that speaks to the key-value store of NATS. */
import { assertTlsOptions, TLS_OPTION_KINDS, type TlsOptions } from '../../client/node/tls/tls-options.ts'
import { assertWhole, checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import { readServers } from '../url/server-list.ts'

/** The TLS options that apply to NATS. */
export type NatsTlsOptions = Omit<TlsOptions, 'servername' | 'allowMissingAlpn'>

/** How to reach the registry. */
export interface NatsOptions {
  /** Servers of one cluster, as `host:port`; the others are found from there. Default: `['127.0.0.1:4222']`. */
  readonly servers?: readonly string[]
  /** The bucket that has the instances: letters, digits, `_` and `-`. Default: `portico-registry`. */
  readonly bucket?: string
  /** Turns TLS on; `{}` for the authorities of Node. Default: as the server requires it. */
  readonly tls?: NatsTlsOptions
  /** The user, if NATS requires one. Needs `password`. Default: none. */
  readonly username?: string
  /** The password of the user. Default: none. */
  readonly password?: string
  /** The token, if NATS requires one. Default: none. */
  readonly token?: string
  /** The content of a file of credentials, with a JWT and the seed of its key. Default: none. */
  readonly credentials?: string
  /** The longest that a request may take, and the silence after which a connection counts as lost, in milliseconds: 100 to 60,000. Default 5,000. */
  readonly timeoutMs?: number
}

/** The options of `natsRegistrar`. */
export interface NatsRegistrarOptions extends NatsOptions {
  /**
   * The time after which the instance of a crashed server is gone, in milliseconds: 1,000 to 3,600,000. A bucket that keeps its entries
   * for a shorter time limits it. Default 15,000.
   */
  readonly ttlMs?: number
  /** How many servers of a cluster keep a copy of the bucket: 1 to 5. Used when the bucket is created. Default 1. */
  readonly replicas?: number
}

/** Complete, validated options. */
export interface ResolvedNatsOptions extends NatsOptions {
  readonly servers: readonly string[]
  readonly bucket: string
  readonly timeoutMs: number
}

/** Complete, validated options. */
export interface ResolvedNatsRegistrarOptions extends ResolvedNatsOptions {
  readonly ttlMs: number
  readonly replicas: number
}

const { servername: _, allowMissingAlpn: __, ...TLS_KINDS } = TLS_OPTION_KINDS

const KINDS = {
  servers: ['array'],
  bucket: ['string'],
  tls: ['object'],
  username: ['string'],
  password: ['string'],
  token: ['string'],
  credentials: ['string'],
  timeoutMs: ['number'],
} as const satisfies OptionKinds<NatsOptions>

const NESTED = { tls: { kinds: TLS_KINDS } }
const SHAPE: OptionShape = { kinds: KINDS, nested: NESTED }
const REGISTRAR_SHAPE: OptionShape = {
  kinds: { ...KINDS, ttlMs: ['number'], replicas: ['number'] } satisfies OptionKinds<NatsRegistrarOptions>,
  nested: NESTED,
}

/** The port of servers that name none. */
export const NATS_PORT = '4222'

const DEFAULT_SERVERS = ['127.0.0.1']
const BUCKET = /^[\w-]{1,64}$/

/** Validates the options of `natsResolver`. Throws RangeError that names the option. */
export function normalizeNatsOptions(options: NatsOptions): ResolvedNatsOptions {
  checkOptions('natsResolver', options, SHAPE)
  return Object.freeze(complete('natsResolver', options))
}

/** Validates the options of `natsRegistrar`. Throws RangeError that names the option. */
export function normalizeNatsRegistrarOptions(options: NatsRegistrarOptions): ResolvedNatsRegistrarOptions {
  checkOptions('natsRegistrar', options, REGISTRAR_SHAPE)
  const { ttlMs = 15_000, replicas = 1 } = options
  assertWhole('natsRegistrar: ttlMs', ttlMs, { min: 1_000, max: 3_600_000 })
  assertWhole('natsRegistrar: replicas', replicas, { max: 5 })
  return Object.freeze({ ...complete('natsRegistrar', options), ttlMs, replicas })
}

function complete(owner: string, options: NatsOptions): ResolvedNatsOptions {
  const { servers = DEFAULT_SERVERS, bucket = 'portico-registry', timeoutMs = 5_000, tls } = options
  if (!BUCKET.test(bucket)) throw new RangeError(`${owner}: bucket must be 1 to 64 letters, digits, _ and -`)
  assertCredentials(owner, options)
  assertWhole(`${owner}: timeoutMs`, timeoutMs, { min: 100, max: 60_000 })
  if (tls !== undefined) assertTlsOptions(tls)
  return { ...options, servers: readServers(`${owner}: servers`, servers, NATS_PORT), bucket, timeoutMs }
}

function assertCredentials(owner: string, { username, password, token, credentials }: NatsOptions): void {
  if ((username === undefined) !== (password === undefined)) {
    throw new RangeError(`${owner}: username and password must be given together`)
  }
  if ([username, token, credentials].filter((each) => each !== undefined).length > 1) {
    throw new RangeError(`${owner}: only one of username, token and credentials may be given`)
  }
}
