/** `srv:[//server/]_service._proto.name`: the hosts, ports and weights of a service (RFC 2782). */
import type { SrvRecord } from 'node:dns'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import type { Endpoint } from '../contracts/endpoint.ts'
import type { ResolverFactory, Target } from '../contracts/resolver.ts'
import { authorityOf } from './authority-of.ts'
import { cancelOnAbort, createDnsLookup, type DnsLookup, lookupFor } from './dns-lookup.ts'
import { assertInterval, PollingResolver } from './polling-resolver.ts'

/** Options of the resolver. */
export interface SrvResolverOptions {
  /** The interval between lookups, in milliseconds, from 1. Default 30,000. */
  readonly refreshMs?: number
  /** Creates the lookup, with the server in the target if there is one. Throws for an invalid server. Default: DNS. */
  readonly createLookup?: (server?: string) => DnsLookup
}

const DEFAULT_REFRESH_MS = 30_000

const SHAPE: OptionShape = {
  kinds: { refreshMs: ['number'], createLookup: ['function'] } satisfies OptionKinds<SrvResolverOptions>,
}

/**
 * Creates the resolver for `srv`. Endpoints are ordered by priority, lowest number first, and have their weight as an attribute. All addresses
 * of a host form one endpoint. The authority is the name without the service labels. A service without records is an error, so that the
 * previous result stays in effect.
 *
 * @throws RangeError for an option out of range
 */
export function srvResolver(options: SrvResolverOptions = {}): ResolverFactory {
  checkOptions('srvResolver', options, SHAPE)
  const { createLookup = createDnsLookup, refreshMs = DEFAULT_REFRESH_MS } = options
  assertInterval('refreshMs', refreshMs)
  return Object.freeze({
    scheme: 'srv',
    defaultAuthority(target: Target) {
      lookupFor(target, createLookup)
      return authorityOf(hostOf(nameOf(target)))
    },
    create(target, context) {
      const dns = lookupFor(target, createLookup)
      const name = nameOf(target)
      return new PollingResolver(context, {
        lookUp(signal) {
          cancelOnAbort(dns, signal)
          return lookUp(dns, name)
        },
        refreshMs,
      })
    },
  } satisfies ResolverFactory)
}

function nameOf({ endpoint }: Target): string {
  if (/^[^\s/:]{1,255}$/.test(endpoint)) return endpoint
  throw new RangeError(`the service is "${endpoint}": it must have the form _grpc._tcp.greeter.example`)
}

/** Returns `greeter.example` for `_grpc._tcp.greeter.example`: the domain of the service, which certificates contain (RFC 6125, section 6.5). */
function hostOf(name: string): string {
  return name.replace(/^(?:_[^.]*\.)+(?=.)/, '')
}

async function lookUp(dns: DnsLookup, name: string): Promise<{ endpoints: Endpoint[] }> {
  const records = [...(await dns.services(name))].sort((a, b) => a.priority - b.priority)
  const found = await Promise.all(records.map((record) => toEndpoint(dns, record)))
  const endpoints = found.filter(({ addresses }) => addresses.length > 0)
  if (endpoints.length > 0) return { endpoints }
  throw new Error(`${name} has no SRV record that leads to an address`)
}

async function toEndpoint(dns: DnsLookup, { name, port, priority, weight }: SrvRecord): Promise<Endpoint> {
  if (port === 0) throw new Error(`the SRV record of ${name} has port 0`)
  const addresses = (await dns.addresses(name)).map((host) => ({ host, port }))
  // Weight 0 means that there is no weight (RFC 2782).
  return { addresses, attributes: { priority, ...(weight > 0 && { weight }) } }
}
