/** `etcd:///service` and `etcd://host:port/service`: the instances of a service in etcd. */
import type { ResolverFactory, Target } from '../../client/node/contracts/resolver.ts'
import { authorityOf } from '../../client/node/resolver/authority-of.ts'
import { createBackgroundTransport } from '../../client/node/transport.ts'
import { reportInvalidEntries } from '../resolver/invalid-entries.ts'
import { RegistryResolver } from '../resolver/registry-resolver.ts'
import { serversOf, serviceOf } from '../resolver/registry-target.ts'
import { EtcdClient } from './etcd-client.ts'
import { EtcdInstances } from './etcd-instances.ts'
import { ETCD_PORT, type EtcdOptions, normalizeEtcdOptions } from './etcd-options.ts'
import { watchInstances } from './etcd-watch.ts'

/**
 * Creates the resolver for `etcd`, which finds servers of this package and of grpc-go.
 *
 *     const resolvers = [...DEFAULT_RESOLVERS, etcdResolver({ endpoints: ['10.0.0.5:2379'] })]
 *     const transport = createTransport({ target: 'etcd:///greeter', resolvers })
 *
 * A target may name members of the cluster in place of `endpoints`: `etcd://10.0.0.5:2379,10.0.0.6:2379/greeter`. Entries that are not
 * instances are skipped, and cause one process warning each.
 *
 * @throws RangeError that names the option, its value and its range
 */
export function etcdResolver(options: EtcdOptions = {}): ResolverFactory {
  const normal = normalizeEtcdOptions(options)
  const report = reportInvalidEntries('etcd')
  return Object.freeze({
    scheme: 'etcd',
    defaultAuthority(target: Target) {
      // Validates the servers, too.
      serversOf(target, ETCD_PORT)
      return authorityOf(serviceOf(target))
    },
    create(target, context) {
      const service = serviceOf(target)
      const resolved = { ...normal, endpoints: serversOf(target, ETCD_PORT) ?? normal.endpoints }
      return new RegistryResolver(context, {
        subject: `${service} in etcd`,
        async watch(onEndpoints, signal) {
          const client = new EtcdClient(resolved, context.clock, createBackgroundTransport)
          const createInstances = () => new EtcdInstances(service, report)
          try {
            await watchInstances(client, { service, createInstances, onEndpoints }, signal)
          } finally {
            await client.close()
          }
        },
      })
    },
  } satisfies ResolverFactory)
}
