/** The options of a channel, validated once. */
import { parseAuthority } from '../../wire/http2/http2.ts'
import { assertWhole, type OptionKinds } from '../../wire/options/check-options.ts'
import { DEFAULT_POLICIES, policyMap } from './balancer/default-policies.ts'
import { USER_AGENT } from './base/user-agent.ts'
import { type KeepaliveOptions, normalizeKeepalive } from './connection/keepalive.ts'
import type { LoadBalancerPolicies, LoadBalancerPolicy } from './contracts/load-balancer.ts'
import { DEFAULT_METADATA_LIMITS, type MetadataLimits } from './contracts/metadata-limits.ts'
import type { ResolverFactory, Target } from './contracts/resolver.ts'
import { type CallCredentials, mayBeSent } from './credentials/call-credentials.ts'
import { environmentProxy } from './proxy/environment-proxy.ts'
import { type HttpProxy, parseHttpProxy } from './proxy/http-proxy.ts'
import { readBaseUrl } from './read-base-url.ts'
import { DEFAULT_RESOLVERS } from './resolver/default-resolvers.ts'
import { parseTarget } from './resolver/parse-target.ts'
import { passthroughResolver } from './resolver/passthrough-resolver.ts'
import type { GrpcServiceConfig } from './service-config/grpc-service-config.ts'
import { readTls } from './tls/read-tls.ts'
import type { TlsOptions } from './tls/tls-options.ts'

/** The options of a channel. Exactly one of `target` and `baseUrl` is required. */
export interface ChannelOptions {
  /**
   * The target of gRPC Name Resolution: `dns:///greeter.example:8080` (`dns` is the default scheme), `ipv4:10.0.0.1:80,10.0.0.2:80`, `ipv6:[::1]:80`, `unix:/run/app.sock`, `unix-abstract:name`,
   * `passthrough:///host:port`, `static:///a:80,b:80`, `srv:///_grpc._tcp.example`, `file:///etc/backends.json`.
   */
  readonly target?: string
  /** The URL of one server: `http://host:port`, or `https://host:port` for TLS. Its path is prefixed to the path of each method. */
  readonly baseUrl?: string
  /** With a `target`, turns TLS on. With a `baseUrl` it is optional, and only valid for `https:`. */
  readonly tls?: TlsOptions
  /**
   * The credentials of every call, and of the channel's own requests for health and load; see {@link combineCredentials} for several.
   * Credentials that require TLS need a channel with TLS, or to a Unix socket. Default: none.
   */
  readonly credentials?: CallCredentials
  /**
   * The HTTP proxy for `dns` targets, which also resolves their names (gRFC A1): `http://user:password@proxy.example:3128`, or `https:` for
   * TLS to the proxy; false for none. Default: the first of the environment variables `grpc_proxy`, `https_proxy`, `HTTPS_PROXY` and
   * `http_proxy`, but none for localhost and the hosts in the first of `no_grpc_proxy`, `no_proxy` and `NO_PROXY`.
   */
  readonly proxy?: string | false
  /** The authority of requests (`:authority`, or `Host` over HTTP/1.1). Default: that of the target or URL. */
  readonly authority?: string
  /** Prefix of the `User-Agent`, such as `greeter-desk/2.1`; printable ASCII. Default: none. */
  readonly userAgent?: string
  /**
   * The service config to use if the resolver returns none, or first an invalid one (gRPC Service Config). Default: none, which equals
   * `{}`, except that calls fail if the resolver's config is invalid.
   */
  readonly serviceConfig?: GrpcServiceConfig
  /** Whether to use service configs from the resolver. Default: true. */
  readonly serviceConfigFromResolver?: boolean
  /** The resolvers, by target scheme. Default: {@link DEFAULT_RESOLVERS}. */
  readonly resolvers?: readonly ResolverFactory[]
  /** The policies that a service config can name. Default: {@link DEFAULT_POLICIES}; without `pick_first` there is no default policy. */
  readonly loadBalancers?: readonly LoadBalancerPolicy[]
  /** When to ping a silent server. Default: never. */
  readonly keepalive?: Partial<KeepaliveOptions>
  /**
   * Whether to check the health of endpoints if the service config requests it (`healthCheckConfig`), so that policies avoid those that are
   * not serving (gRFC A17). Default: true.
   */
  readonly healthCheck?: boolean
  /**
   * Maximum number of fields in the head and in the trailers of a response, besides the status: a whole number from 10 to 10,000.
   * Default 128.
   */
  readonly maxHeaderFields?: number
  /**
   * Maximum size of the head and of the trailers of a response, in bytes of names and values plus 32 per field (gRPC's
   * `max_metadata_size`): a whole number from 1,024 to 1,048,576. Also limits the JSON of Connect's errors. Default 65,536.
   */
  readonly maxHeaderListBytes?: number
  /** Time without a call after which connections are closed, in milliseconds: from 1 to 2,147,483,647, or Infinity. Default 30 min. */
  readonly idleTimeoutMs?: number
}

/** Complete, validated channel options. */
export interface NormalChannelOptions {
  readonly target: Target
  /** The target as given, or derived from the base URL. */
  readonly targetText: string
  readonly resolver: ResolverFactory
  /** Null: cleartext. */
  readonly tls: TlsOptions | null
  /** Undefined: none. */
  readonly credentials: CallCredentials | undefined
  /** Whether connections are private: TLS, or a Unix socket. */
  readonly isSecure: boolean
  /** Null: none. */
  readonly proxy: HttpProxy | null
  readonly authority: string
  /** The name that the application requires in every server's certificate; null if it requires none. */
  readonly serverName: string | null
  /** Otherwise, the name for endpoints without one of their own; null for the host of the address. */
  readonly defaultServerName: string | null
  /** Prefix of the path of each method; empty, or starts with a slash and does not end with one. */
  readonly pathPrefix: string
  /** The `User-Agent` of requests. */
  readonly userAgent: string
  /** Undefined: none. */
  readonly serviceConfig: unknown
  readonly serviceConfigFromResolver: boolean
  readonly policies: LoadBalancerPolicies
  readonly keepalive: KeepaliveOptions
  readonly healthCheck: boolean
  readonly metadataLimits: MetadataLimits
  readonly idleTimeoutMs: number
}

/** The kinds of the options. */
export const CHANNEL_OPTION_KINDS: OptionKinds<ChannelOptions> = {
  target: ['string'],
  baseUrl: ['string'],
  tls: ['object'],
  credentials: ['object'],
  proxy: ['string', 'boolean'],
  authority: ['string'],
  userAgent: ['string'],
  serviceConfig: ['object'],
  serviceConfigFromResolver: ['boolean'],
  resolvers: ['array'],
  loadBalancers: ['array'],
  keepalive: ['object'],
  healthCheck: ['boolean'],
  maxHeaderFields: ['number'],
  maxHeaderListBytes: ['number'],
  idleTimeoutMs: ['number'],
}

/** As in gRFC A62. */
const DEFAULT_IDLE_TIMEOUT_MS = 30 * 60_000
const MAX_TIMER_MS = 2_147_483_647

/** Minimum and maximum, as for servers. */
const METADATA_RANGES = [
  ['maxHeaderFields', 10, 10_000],
  ['maxHeaderListBytes', 1_024, 1_048_576],
] as const

/** The schemes of targets on this machine. */
const LOCAL_SCHEMES: ReadonlySet<string> = new Set(['unix', 'unix-abstract'])

/**
 * Validates options and adds defaults.
 *
 * @throws RangeError that names the option, its value and its range
 */
export function normalizeChannelOptions(options: ChannelOptions): NormalChannelOptions {
  const { resolvers = DEFAULT_RESOLVERS, loadBalancers = DEFAULT_POLICIES } = options
  const { idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = options
  const { target: text, tls, authority, pathPrefix } = readPlace(options)
  assertAuthority(options.authority)
  const { target, factory: resolver } = parseTarget(text, resolvers)
  // Even if it is not needed, as this rejects invalid targets.
  const defaultAuthority = resolver.defaultAuthority(target)
  if (typeof defaultAuthority !== 'string' || !/^[!-~]+$/.test(defaultAuthority)) {
    throw new RangeError(`the resolver of ${text} gives no authority that requests can name`)
  }
  if (idleTimeoutMs !== Number.POSITIVE_INFINITY && !(idleTimeoutMs >= 1 && idleTimeoutMs <= MAX_TIMER_MS)) {
    throw new RangeError(`idleTimeoutMs is ${idleTimeoutMs}, and must be from 1 to ${MAX_TIMER_MS}, or Infinity`)
  }
  // Validates it only; connections read it again.
  if (tls !== null) readTls(tls)
  const { credentials } = options
  const isSecure = tls !== null || LOCAL_SCHEMES.has(resolver.scheme)
  if (credentials !== undefined && typeof credentials.metadata !== 'function') {
    throw new RangeError(
      'credentials.metadata is missing, and must be a function: bearerToken, apiKey and jwtFile make some',
    )
  }
  if (credentials !== undefined && !mayBeSent(credentials, isSecure)) {
    throw new RangeError(`credentials require TLS, but the channel to "${text}" is cleartext`)
  }
  const proxy = chooseProxy(options.proxy, target)
  return Object.freeze({
    target,
    targetText: text,
    resolver: proxy === null ? resolver : passthroughResolver,
    tls,
    credentials,
    isSecure,
    proxy,
    authority: options.authority ?? authority ?? defaultAuthority,
    serverName: tls?.servername ?? (options.authority === undefined ? null : hostOf(options.authority)),
    defaultServerName: resolver.verifiesAddressHost?.(target) === true ? null : hostOf(authority ?? defaultAuthority),
    pathPrefix,
    userAgent: userAgentWith(options.userAgent),
    serviceConfig: options.serviceConfig,
    serviceConfigFromResolver: options.serviceConfigFromResolver ?? true,
    policies: policyMap(loadBalancers),
    keepalive: normalizeKeepalive(options.keepalive),
    healthCheck: options.healthCheck ?? true,
    metadataLimits: metadataLimitsOf(options),
    idleTimeoutMs,
  })
}

function metadataLimitsOf(options: ChannelOptions): MetadataLimits {
  const limits = {
    maxHeaderFields: options.maxHeaderFields ?? DEFAULT_METADATA_LIMITS.maxHeaderFields,
    maxHeaderListBytes: options.maxHeaderListBytes ?? DEFAULT_METADATA_LIMITS.maxHeaderListBytes,
  }
  for (const [name, min, max] of METADATA_RANGES) assertWhole(name, limits[name], { min, max })
  return Object.freeze(limits)
}

/** Returns the host, without the port and the brackets of an IPv6 address. */
function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** Validates an authority from the options. Those derived from a target or URL are valid. */
function assertAuthority(authority: string | undefined): void {
  if (authority === undefined || parseAuthority(authority) !== undefined) return
  throw new RangeError(`authority is ${JSON.stringify(authority)}, and must be a host, or host:port`)
}

function chooseProxy(option: string | false | undefined, { scheme, endpoint }: Target): HttpProxy | null {
  if (option === false) return null
  if (option === undefined) return scheme === 'dns' ? environmentProxy(endpoint, process.env) : null
  if (scheme !== 'dns') throw new RangeError(`proxy is only for dns targets: leave it out for ${scheme}`)
  return parseHttpProxy(option, 'proxy')
}

function userAgentWith(own: string | undefined): string {
  if (own === undefined) return USER_AGENT
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(own)) return `${own} ${USER_AGENT}`
  throw new RangeError(`userAgent is ${JSON.stringify(own)}, and must be printable ASCII without spaces around it`)
}

interface Place {
  readonly target: string
  readonly tls: TlsOptions | null
  /** Undefined: the target's own. */
  readonly authority: string | undefined
  readonly pathPrefix: string
}

function readPlace({ target, baseUrl, tls }: ChannelOptions): Place {
  if ((target === undefined) === (baseUrl === undefined)) {
    throw new RangeError('exactly one of target and baseUrl is required')
  }
  if (target !== undefined) return { target, tls: tls ?? null, authority: undefined, pathPrefix: '' }
  const { isTls, ...place } = readBaseUrl(baseUrl ?? '')
  if (!isTls && tls !== undefined && Object.keys(tls).length > 0) {
    throw new RangeError(`baseUrl is "${baseUrl}", and must be an https: URL for the tls option`)
  }
  return { ...place, tls: isTls ? (tls ?? {}) : null }
}
