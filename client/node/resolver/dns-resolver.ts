/** `dns:[//server/]host[:port]`: the addresses of a name, and its service config. */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Endpoint, TcpAddress } from '../channel/endpoint.ts'
import type { Resolver, ResolverContext, ResolverFactory, ResolverResult, Target } from '../channel/resolver.ts'
import { chooseTxtConfig } from '../service-config/choose-txt-config.ts'
import { authorityOf } from './authority-of.ts'
import { cancelOnAbort, createDnsLookup, type DnsLookup } from './dns-lookup.ts'
import { endpointsOf, FixedResolver } from './fixed-resolver.ts'
import { parseHostPort } from './parse-host-port.ts'
import { PollingResolver } from './polling-resolver.ts'

/** How names are looked up. */
export interface DnsResolverOptions {
  /** The least time from one lookup to the next, in milliseconds, from 1. Default 30,000. */
  readonly minIntervalMs?: number
  /** Whether TXT records may bring a service config (gRFC A2). Default true. */
  readonly usesServiceConfig?: boolean
  /** Who is asked, by the server that the target names, if it does. Default: DNS. */
  readonly createLookup?: (server: string | undefined) => DnsLookup
}

/** Makes the resolver of `dns`. An IP address is told as it is, once. */
export function dnsResolver(options: DnsResolverOptions = {}): ResolverFactory {
  return Object.freeze({
    scheme: 'dns',
    defaultAuthority({ endpoint }: Target) {
      parseHostPort(endpoint)
      return authorityOf(endpoint)
    },
    create: (target, context) => createResolver(target, context, options),
  } satisfies ResolverFactory)
}

function createResolver(target: Target, context: ResolverContext, options: DnsResolverOptions): Resolver {
  const address = parseHostPort(target.endpoint)
  if (isIP(address.host) !== 0) return new FixedResolver(context, { endpoints: endpointsOf([address]) })
  const { createLookup = createDnsLookup, usesServiceConfig = true, minIntervalMs } = options
  const dns = createLookup(target.authority === '' ? undefined : target.authority)
  const percentile = context.random() * 100
  return new PollingResolver(context, {
    lookUp: async (signal) => {
      cancelOnAbort(dns, signal)
      const [endpoints, config] = await Promise.all([
        findEndpoints(dns, address),
        usesServiceConfig ? findConfig(dns, address.host, percentile) : {},
      ])
      return { endpoints, ...config }
    },
    ...(minIntervalMs !== undefined && { minIntervalMs }),
  })
}

async function findEndpoints(dns: DnsLookup, { host, port }: TcpAddress): Promise<Endpoint[]> {
  const found = await dns.addresses(host)
  return endpointsOf(found.map((ip) => ({ host: ip, port })))
}

type FoundConfig = Pick<ResolverResult, 'serviceConfig'>

/** That the records cannot be had says nothing about the service: as if there were none. */
async function findConfig(dns: DnsLookup, host: string, percentile: number): Promise<FoundConfig> {
  const records = await dns.texts(`_grpc_config.${host}`).catch(() => [])
  try {
    const json = chooseTxtConfig(records, { hostname: hostname(), percentile })
    return json === undefined ? {} : { serviceConfig: { json } }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `the TXT record of _grpc_config.${host} is not valid: ${reason}`
    return { serviceConfig: new ConnectError(message, Code.Unavailable, undefined, undefined, cause) }
  }
}
