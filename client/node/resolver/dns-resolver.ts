/** `dns:[//server/]host[:port]`: the addresses of a name, and its service config. */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { Code } from '@connectrpc/connect'
import type { Clock } from '../../../wire/http2/http2.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { connectErrorOf } from '../base/thrown.ts'
import type { Endpoint, TcpAddress } from '../contracts/endpoint.ts'
import type { Resolver, ResolverContext, ResolverFactory, ResolverResult, Target } from '../contracts/resolver.ts'
import { chooseTxtConfig } from '../service-config/choose-txt-config.ts'
import { authorityOf } from './authority-of.ts'
import { cancelLookup, cancelOnAbort, createDnsLookup, type DnsLookup, lookupFor } from './dns-lookup.ts'
import { endpointsOf, FixedResolver } from './fixed-resolver.ts'
import { parseHostPort } from './parse-host-port.ts'
import { assertInterval, PollingResolver } from './polling-resolver.ts'

/** Options of the resolver. */
export interface DnsResolverOptions {
  /** Minimum interval between lookups, in milliseconds, from 1. Default 30,000. */
  readonly minIntervalMs?: number
  /**
   * Interval of lookups without a request, in milliseconds, from 1: new addresses are used although no connection is lost. Default: never.
   */
  readonly refreshMs?: number
  /** Whether to look up service configs in TXT records (gRFC A2). Default: true. */
  readonly usesServiceConfig?: boolean
  /** Creates the lookup, with the server in the target if there is one. Throws for an invalid server. Default: DNS. */
  readonly createLookup?: (server?: string) => DnsLookup
}

const SHAPE: OptionShape = {
  kinds: {
    minIntervalMs: ['number'],
    refreshMs: ['number'],
    usesServiceConfig: ['boolean'],
    createLookup: ['function'],
  } satisfies OptionKinds<DnsResolverOptions>,
}

/** How long known addresses wait for a service config, in milliseconds. */
const TXT_TIMEOUT_MS = 5_000

/** Creates the resolver for `dns`. IP addresses are returned once, unchanged. Throws RangeError for an option out of range. */
export function dnsResolver(options: DnsResolverOptions = {}): ResolverFactory {
  checkOptions('dnsResolver', options, SHAPE)
  const { createLookup = createDnsLookup, minIntervalMs, refreshMs } = options
  if (minIntervalMs !== undefined) assertInterval('minIntervalMs', minIntervalMs)
  if (refreshMs !== undefined) assertInterval('refreshMs', refreshMs)
  return Object.freeze({
    scheme: 'dns',
    defaultAuthority(target: Target) {
      parseHostPort(target.endpoint)
      lookupFor(target, createLookup)
      return authorityOf(target.endpoint)
    },
    create: (target, context) => createResolver(target, context, options),
  } satisfies ResolverFactory)
}

function createResolver(target: Target, context: ResolverContext, options: DnsResolverOptions): Resolver {
  const address = parseHostPort(target.endpoint)
  if (isIP(address.host) !== 0) return new FixedResolver(context, { endpoints: endpointsOf([address]) })
  const { createLookup = createDnsLookup, minIntervalMs, refreshMs } = options
  const usesServiceConfig = context.usesServiceConfig && options.usesServiceConfig !== false
  const dns = lookupFor(target, createLookup)
  const percentile = context.random() * 100
  return new PollingResolver(context, {
    lookUp: async (signal) => {
      cancelOnAbort(dns, signal)
      const config = usesServiceConfig ? findConfig(dns, address.host, percentile) : null
      const endpoints = await findEndpoints(dns, address)
      const giveUp = { clock: context.clock, signal, onLate: () => cancelLookup(dns) }
      return { endpoints, ...(config && (await inTime(config, giveUp))) }
    },
    ...(minIntervalMs !== undefined && { minIntervalMs }),
    ...(refreshMs !== undefined && { refreshMs }),
  })
}

async function findEndpoints(dns: DnsLookup, { host, port }: TcpAddress): Promise<Endpoint[]> {
  const found = await dns.addresses(host)
  return endpointsOf(found.map((ip) => ({ host: ip, port })))
}

type FoundConfig = Pick<ResolverResult, 'serviceConfig'>

/** When to stop waiting. */
interface GiveUp {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onLate: () => void
}

/** Waits for a service config for a limited time, as a DNS server may not answer TXT queries. */
async function inTime(config: Promise<FoundConfig>, { clock, signal, onLate }: GiveUp): Promise<FoundConfig> {
  const { promise, resolve } = Promise.withResolvers<FoundConfig>()
  const timer = clock.schedule(() => {
    resolve({})
    onLate()
  }, TXT_TIMEOUT_MS)
  signal.addEventListener('abort', () => resolve({}), { once: true })
  try {
    return await Promise.race([config, promise])
  } finally {
    timer.cancel()
  }
}

/** Looks up the config. Never rejects, as nothing awaits it during the address lookup. */
async function findConfig(dns: DnsLookup, host: string, percentile: number): Promise<FoundConfig> {
  const name = `_grpc_config.${host}`
  const records = await findTexts(dns, name)
  try {
    const json = chooseTxtConfig(records, { hostname: hostname(), percentile })
    return json === undefined ? {} : { serviceConfig: { json } }
  } catch (cause) {
    return { serviceConfig: connectErrorOf(cause, Code.Unavailable, `the TXT record of ${name} is not valid: `) }
  }
}

/** Looks up TXT records. A failure counts as no records, as it says nothing about the service. */
async function findTexts(dns: DnsLookup, name: string): Promise<readonly (readonly string[])[]> {
  try {
    return await dns.texts(name)
  } catch {
    return []
  }
}
