/** The options of everything that speaks to etcd. */
import { TLS_OPTION_KINDS, type TlsOptions } from '../../client/node/tls/tls-options.ts'
import { assertWhole, checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import { readServers } from '../url/server-list.ts'

/** How to reach etcd. */
export interface EtcdOptions {
  /** The members of the cluster, as `host:port`; calls use all that can be reached. Default: `['127.0.0.1:2379']`. */
  readonly endpoints?: readonly string[]
  /** Turns TLS on; `{}` for the authorities of Node. Default: cleartext. */
  readonly tls?: TlsOptions
  /** The user of etcd, if the cluster requires one. Needs `password`. Default: none. */
  readonly username?: string
  /** The password of the user. Default: none. */
  readonly password?: string
  /** The longest that one request may take, in milliseconds: 100 to 60,000. Default 5,000. */
  readonly timeoutMs?: number
}

/** The options of `etcdRegistrar`. */
export interface EtcdRegistrarOptions extends EtcdOptions {
  /** The time after which the instance of a crashed server is gone, in milliseconds: 2,000 to 3,600,000, in whole seconds. Default 15,000. */
  readonly ttlMs?: number
}

/** Complete, validated options. */
export interface ResolvedEtcdOptions extends EtcdOptions {
  readonly endpoints: readonly string[]
  readonly timeoutMs: number
}

/** Complete, validated options. */
export interface ResolvedEtcdRegistrarOptions extends ResolvedEtcdOptions {
  readonly ttlMs: number
}

const KINDS = {
  endpoints: ['array'],
  tls: ['object'],
  username: ['string'],
  password: ['string'],
  timeoutMs: ['number'],
} as const satisfies OptionKinds<EtcdOptions>

const NESTED = { tls: { kinds: TLS_OPTION_KINDS } }
const SHAPE: OptionShape = { kinds: KINDS, nested: NESTED }
const REGISTRAR_SHAPE: OptionShape = {
  kinds: { ...KINDS, ttlMs: ['number'] } satisfies OptionKinds<EtcdRegistrarOptions>,
  nested: NESTED,
}

/** The port of servers that name none. */
export const ETCD_PORT = '2379'

const DEFAULT_ENDPOINTS = ['127.0.0.1']

/** Validates the options of `etcdResolver`. Throws RangeError that names the option. */
export function normalizeEtcdOptions(options: EtcdOptions): ResolvedEtcdOptions {
  checkOptions('etcdResolver', options, SHAPE)
  return Object.freeze(complete('etcdResolver', options))
}

/** Validates the options of `etcdRegistrar`. Throws RangeError that names the option. */
export function normalizeEtcdRegistrarOptions(options: EtcdRegistrarOptions): ResolvedEtcdRegistrarOptions {
  checkOptions('etcdRegistrar', options, REGISTRAR_SHAPE)
  const { ttlMs = 15_000 } = options
  if (!(ttlMs >= 2_000 && ttlMs <= 3_600_000 && ttlMs % 1_000 === 0)) {
    throw new RangeError(`etcdRegistrar: ttlMs is ${ttlMs}, and must be whole seconds from 2000 to 3600000`)
  }
  return Object.freeze({ ...complete('etcdRegistrar', options), ttlMs })
}

function complete(owner: string, options: EtcdOptions): ResolvedEtcdOptions {
  const { endpoints = DEFAULT_ENDPOINTS, username, password, timeoutMs = 5_000 } = options
  if ((username === undefined) !== (password === undefined)) {
    throw new RangeError(`${owner}: username and password must be given together`)
  }
  assertWhole(`${owner}: timeoutMs`, timeoutMs, { min: 100, max: 60_000 })
  return { ...options, endpoints: readServers(`${owner}: endpoints`, endpoints, ETCD_PORT), timeoutMs }
}
