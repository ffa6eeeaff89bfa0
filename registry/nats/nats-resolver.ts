/** `nats:///service` and `nats://host:port/service`: the instances of a service in the key-value store of NATS. */
import type { ResolverFactory, Target } from '../../client/node/contracts/resolver.ts'
import { authorityOf } from '../../client/node/resolver/authority-of.ts'
import { reportInvalidEntries } from '../resolver/invalid-entries.ts'
import { RegistryResolver } from '../resolver/registry-resolver.ts'
import { serversOf, serviceOf } from '../resolver/registry-target.ts'
import { openNatsBucket } from './nats-bucket.ts'
import { NatsInstances } from './nats-instances.ts'
import { NATS_PORT, type NatsOptions, normalizeNatsOptions } from './nats-options.ts'
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
  const report = reportInvalidEntries('nats')
  return Object.freeze({
    scheme: 'nats',
    defaultAuthority(target: Target) {
      // Validates the servers, too.
      serversOf(target, NATS_PORT)
      return authorityOf(serviceOf(target))
    },
    create(target, context) {
      const service = serviceOf(target)
      const resolved = { ...normal, servers: serversOf(target, NATS_PORT) ?? normal.servers }
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
