/** The registries that programs know by the scheme of a target. */
import type { ResolverFactory } from '../client/node/contracts/resolver.ts'

/** Loads a resolver with its default options. */
export type LoadResolver = () => Promise<ResolverFactory>

/** The resolvers by scheme. Each is loaded when it is needed, as some need packages that are not installed. */
export const REGISTRY_RESOLVERS: ReadonlyMap<string, LoadResolver> = new Map<string, LoadResolver>([
  ['kubernetes', async () => (await import('./kubernetes/kubernetes-resolver.ts')).kubernetesResolver()],
  ['consul', async () => (await import('./consul/consul-resolver.ts')).consulResolver()],
  ['nats', async () => (await import('./nats/nats-resolver.ts')).natsResolver()],
  ['etcd', async () => (await import('./etcd/etcd-resolver.ts')).etcdResolver()],
])
