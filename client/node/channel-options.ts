/** Where a channel connects to, and how: the options, checked once. */
import { parseAuthority } from '../../wire/http2/http2.ts'
import type { OptionKinds } from '../../wire/options/check-options.ts'
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

/** The options of a channel. Either `target` or `baseUrl` must be there. */
export interface ChannelOptions {
  /**
   * The name of a service, and how it is resolved (gRPC Name Resolution): `dns:///greeter.example:8080` (without a scheme it is
   * the same), `ipv4:10.0.0.1:80,10.0.0.2:80`, `ipv6:[::1]:80`, `unix:/run/app.sock`, `unix-abstract:name`,
   * `passthrough:///host:port`, `static:///a:80,b:80`, `srv:///_grpc._tcp.example`, `file:///etc/backends.json`.
   */
  readonly target?: string
  /** For one server: `http://host:port`, or `https://host:port` for TLS. A path is put before the path of each method. */
  readonly baseUrl?: string
  /** With a `target`, this makes connections use TLS. With a `baseUrl`, for `https:` only, where it may be left out. */
  readonly tls?: TlsOptions
  /**
   * What every call proves itself with, and every question about health and load; {@link combineCredentials} makes one of several. Those that require TLS are for channels with
   * TLS, or to a Unix socket. Default: none.
   */
  readonly credentials?: CallCredentials
  /**
   * The HTTP proxy that opens tunnels to a `dns` target, whose name it then looks up itself (gRFC A1):
   * `http://user:password@proxy.example:3128`, or `https:` for TLS to the proxy; false: none. Default: as the environment says by
   * the first of `grpc_proxy`, `https_proxy`, `HTTPS_PROXY` and `http_proxy`, but not for this machine and for what the first of
   * `no_grpc_proxy`, `no_proxy` and `NO_PROXY` names; other targets are reached without.
   */
  readonly proxy?: string | false
  /** The host that requests name (`:authority`, or `Host` over HTTP/1.1). Default: that of the target or URL. */
  readonly authority?: string
  /** Put before the client's own name in `User-Agent`: `greeter-desk/2.1`; printable ASCII. Default: none. */
  readonly userAgent?: string
  /**
   * The service config that holds where the resolver brings none, or at first one that is invalid (gRPC Service Config).
   * Default: none, which is as `{}`, but with an invalid one of the resolver calls then fail.
   */
  readonly serviceConfig?: GrpcServiceConfig
  /** Whether a service config that the resolver brings is heeded. Default true. */
  readonly serviceConfigFromResolver?: boolean
  /** The kinds of targets. Default: {@link DEFAULT_RESOLVERS}. */
  readonly resolvers?: readonly ResolverFactory[]
  /** The policies that a service config can name. Default: {@link DEFAULT_POLICIES}; without `pick_first` there is no default policy. */
  readonly loadBalancers?: readonly LoadBalancerPolicy[]
  /** When to ask a silent server whether it is there. Default: never. */
  readonly keepalive?: Partial<KeepaliveOptions>
  /**
   * Whether, where the service config asks for it (`healthCheckConfig`), a policy that chooses between endpoints leaves out those
   * that say of themselves that they are not serving (gRFC A17). Default true.
   */
  readonly healthCheck?: boolean
  /**
   * The most fields that the head of an answer may have, and its trailers, besides the status: a whole number from 10 to 10,000.
   * Default 128.
   */
  readonly maxHeaderFields?: number
  /**
   * The size that the head of an answer may have, and its trailers, in bytes of names and values plus 32 for each field (gRPC's
   * `max_metadata_size`): a whole number from 1,024 to 1,048,576. It also limits the JSON of errors in Connect. Default 65,536.
   */
  readonly maxHeaderListBytes?: number
  /** Without a call for so long, in milliseconds, connections are let go: from 1 to 2,147,483,647, or Infinity. Default 30 min. */
  readonly idleTimeoutMs?: number
}

/** What the options mean. */
export interface NormalChannelOptions {
  readonly target: Target
  /** As it was given, or as it follows from the base URL. */
  readonly targetText: string
  readonly resolver: ResolverFactory
  /** Null: cleartext. */
  readonly tls: TlsOptions | null
  /** Undefined: none. */
  readonly credentials: CallCredentials | undefined
  /** Whether nobody can listen: TLS, or a socket of this machine. */
  readonly isSecure: boolean
  /** Null: none. */
  readonly proxy: HttpProxy | null
  readonly authority: string
  /** The name that every server's certificate must bear, as the application has said; null: it has not. */
  readonly serverName: string | null
  /** The name otherwise, where an endpoint has none of its own; null: the host of the address. */
  readonly defaultServerName: string | null
  /** Put before the path of each method; empty, or begins with a slash and ends without. */
  readonly pathPrefix: string
  /** What requests name as `User-Agent`. */
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

/** What the options can be. */
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

/** Least and most, as for servers. */
const METADATA_RANGES = [
  ['maxHeaderFields', 10, 10_000],
  ['maxHeaderListBytes', 1_024, 1_048_576],
] as const

/** What never leaves the machine. */
const LOCAL_SCHEMES: ReadonlySet<string> = new Set(['unix', 'unix-abstract'])

/**
 * Fills in the defaults.
 *
 * @throws RangeError naming the option, its value and what it may be
 */
export function normalizeChannelOptions(options: ChannelOptions): NormalChannelOptions {
  const { resolvers = DEFAULT_RESOLVERS, loadBalancers = DEFAULT_POLICIES } = options
  const { idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = options
  const { target: text, tls, authority, pathPrefix } = readPlace(options)
  assertAuthority(options.authority)
  const { target, factory: resolver } = parseTarget(text, resolvers)
  // Also where it is not needed: this refuses a target that is none.
  const defaultAuthority = resolver.defaultAuthority(target)
  if (typeof defaultAuthority !== 'string' || !/^[!-~]+$/.test(defaultAuthority)) {
    throw new RangeError(`the resolver of ${text} gives no authority that requests can name`)
  }
  if (idleTimeoutMs !== Number.POSITIVE_INFINITY && !(idleTimeoutMs >= 1 && idleTimeoutMs <= MAX_TIMER_MS)) {
    throw new RangeError(`idleTimeoutMs is ${idleTimeoutMs}, and must be from 1 to ${MAX_TIMER_MS}, or Infinity`)
  }
  // To see that it can be: connections have it read by themselves.
  if (tls !== null) readTls(tls)
  const { credentials } = options
  const isSecure = tls !== null || LOCAL_SCHEMES.has(resolver.scheme)
  if (credentials !== undefined && typeof credentials.metadata !== 'function') {
    throw new RangeError(
      'credentials.metadata is missing, and must be a function: bearerToken, apiKey and jwtFile make some',
    )
  }
  if (credentials !== undefined && !mayBeSent(credentials, isSecure)) {
    throw new RangeError(`credentials require TLS, which the channel to "${text}" has not`)
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
  for (const [name, least, most] of METADATA_RANGES) {
    const value = limits[name]
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name} is ${value}, and must be a whole number from ${least} to ${most}`)
    }
  }
  return Object.freeze(limits)
}

/** Without the port, and without the brackets of an IPv6 address. */
function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** What follows from a target or a URL is one. */
function assertAuthority(authority: string | undefined): void {
  if (authority === undefined || parseAuthority(authority) !== undefined) return
  throw new RangeError(`authority is ${JSON.stringify(authority)}, and must be a host, or host:port`)
}

function chooseProxy(option: string | false | undefined, { scheme, endpoint }: Target): HttpProxy | null {
  if (option === false) return null
  if (option === undefined) return scheme === 'dns' ? environmentProxy(endpoint, process.env) : null
  if (scheme !== 'dns') throw new RangeError(`proxy must be left out for a target of ${scheme}: it is for dns alone`)
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
    throw new RangeError('either target or baseUrl must be given, and not both')
  }
  if (target !== undefined) return { target, tls: tls ?? null, authority: undefined, pathPrefix: '' }
  const { isTls, ...place } = readBaseUrl(baseUrl ?? '')
  if (!isTls && tls !== undefined && Object.keys(tls).length > 0) {
    throw new RangeError(`baseUrl is "${baseUrl}", and must be an https: URL for the tls option`)
  }
  return { ...place, tls: isTls ? (tls ?? {}) : null }
}
