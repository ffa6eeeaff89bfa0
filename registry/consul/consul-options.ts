/** The options that the registrar and the resolver of Consul share. */
import type { OptionKinds } from '../../wire/options/check-options.ts'
import { API_TLS_SHAPE, type ApiTlsOptions, isToken, readApiUrl } from '../http/api-access.ts'

/** How to reach an agent. */
export interface ConsulOptions {
  /** The URL of the agent's HTTP API. Default: `http://127.0.0.1:8500`, or `https://127.0.0.1:8501` with `tls`. */
  readonly address?: string
  /** The ACL token. Sent to the agent, and written nowhere. Default: none. */
  readonly token?: string
  /** A file with the token, which is read for every request. Default: none. */
  readonly tokenFile?: string
  /** The namespace (Consul Enterprise). Default: that of the token. */
  readonly namespace?: string
  /** The admin partition (Consul Enterprise). Default: that of the agent. */
  readonly partition?: string
  /** For `https:`. Default: the authorities of Node. */
  readonly tls?: ApiTlsOptions
}

/** The kinds of the options. */
export const CONSUL_KINDS: OptionKinds<ConsulOptions> = {
  address: ['string'],
  token: ['string'],
  tokenFile: ['string'],
  namespace: ['string'],
  partition: ['string'],
  tls: ['object'],
}

/** The shapes of options that are objects. */
export const CONSUL_NESTED = { tls: API_TLS_SHAPE }

const CLEARTEXT_URL = 'http://127.0.0.1:8500'

/** Options of which each has a value. */
export interface ConsulAccess {
  readonly baseUrl: URL
  readonly token: string | undefined
  readonly tokenFile: string | undefined
  /** `ns` and `partition`, as query parameters. */
  readonly tenancy: Readonly<Record<string, string>>
  readonly tls: ApiTlsOptions | undefined
}

/**
 * Fills in the defaults.
 *
 * @throws RangeError naming the option and its range, never the token
 */
export function normalizeConsulOptions(owner: string, options: ConsulOptions): ConsulAccess {
  const { token, tokenFile, namespace, partition, tls } = options
  const { address = tls === undefined ? CLEARTEXT_URL : 'https://127.0.0.1:8501' } = options
  const baseUrl = readApiUrl(`${owner}: address`, address, CLEARTEXT_URL)
  if (token !== undefined && tokenFile !== undefined) {
    throw new RangeError(`${owner}: token and tokenFile must not both be given`)
  }
  if (token !== undefined && !isToken(token)) {
    throw new RangeError(`${owner}: token must consist of printable ASCII characters`)
  }
  if (tls !== undefined && baseUrl.protocol === 'http:') {
    throw new RangeError(`${owner}: tls needs an address that begins with https:`)
  }
  const tenancy = { ...(namespace !== undefined && { ns: namespace }), ...(partition !== undefined && { partition }) }
  return Object.freeze({ baseUrl, token, tokenFile, tenancy: Object.freeze(tenancy), tls })
}

/**
 * Checks a number of milliseconds.
 *
 * @throws RangeError naming the option, its value and its range
 */
export function assertMs(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return
  throw new RangeError(`${name} is ${value}: it must be from ${min} to ${max}`)
}
