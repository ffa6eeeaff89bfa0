/** `nats:///service` and `nats://host:port/service`: the instances of a service in the key-value store of NATS. */
import type { ResolverFactory, Target } from '../../client/node/contracts/resolver.ts'
import { authorityOf } from '../../client/node/resolver/authority-of.ts'
import { warnOfFault } from '../../wire/http2/http2.ts'
import { RegistryResolver } from '../resolver/registry-resolver.ts'
import { openNatsBucket } from './nats-bucket.ts'
import { NatsInstances } from './nats-instances.ts'
import { type NatsOptions, natsServer, normalizeNatsOptions, type ResolvedNatsOptions } from './nats-options.ts'
import { watchInstances } from './nats-watch.ts'

/**
 * Creates the resolver for `nats`.
 *
 *     const resolvers = [...DEFAULT_RESOLVERS, natsResolver({ servers: ['10.0.0.5:4222'] })]
 *     const transport = createTransport({ target: 'nats:///greeter', resolvers })
 *
 * A target may name servers in place of `servers`: `nats://10.0.0.5:4222,10.0.0.6:4222/greeter`. Entries that are not instances are
 * skipped, and cause one process warning each.
 *
 * @throws RangeError that names the option, its value and its range
 */
export function natsResolver(options: NatsOptions = {}): ResolverFactory {
  const normal = normalizeNatsOptions(options)
  const report = warnOnce()
  return Object.freeze({
    scheme: 'nats',
    defaultAuthority(target: Target) {
      optionsFor(target, normal)
      return authorityOf(serviceOf(target))
    },
    create(target, context) {
      const service = serviceOf(target)
      const resolved = optionsFor(target, normal)
      const { clock } = context
      const instances = new NatsInstances(report)
      return new RegistryResolver(context, {
        subject: `${service} in nats`,
        async watch(onEndpoints, signal) {
          const bucket = await openNatsBucket(resolved)
          const close = () => void bucket.connection.close()
          signal.addEventListener('abort', close, { once: true })
          try {
            if (!signal.aborted) await watchInstances(bucket, { service, instances, clock, onEndpoints })
          } finally {
            signal.removeEventListener('abort', close)
            await bucket.connection.close()
          }
        },
      })
    },
  } satisfies ResolverFactory)
}

function serviceOf({ endpoint }: Target): string {
  const service = decoded(endpoint)
  if (/^[^/\0]+(?:\/[^/\0]+)*$/.test(service)) return service
  throw new RangeError(`the target names the service "${service}": it must have the form nats:///service`)
}

/** The servers in the target come before those in the options. Credentials in it would be shown in logs. */
function optionsFor({ authority }: Target, options: ResolvedNatsOptions): ResolvedNatsOptions {
  if (authority === '') return options
  if (authority.includes('@')) throw new RangeError('the target must not have credentials: give them to natsResolver')
  return { ...options, servers: authority.split(',').map(natsServer) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The most keys that are remembered as reported. */
const MAX_REPORTED = 100

function warnOnce(): (key: string, reason: string) => void {
  const reported = new Set<string>()
  return (key, reason) => {
    if (reported.has(key) || reported.size >= MAX_REPORTED) return
    reported.add(key)
    warnOfFault(new Error(`nats: the entry ${JSON.stringify(key)} is not an instance: ${reason}`))
  }
}
