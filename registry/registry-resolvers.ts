/** The registries that programs know by the scheme of a target. */
import type { ResolverFactory } from '../client/node/contracts/resolver.ts'
import type { TlsOptions } from '../client/node/tls/tls-options.ts'
import { loadNatsPackages } from '../wire/nats/nats-packages.ts'

/** How to reach a registry, besides its address. Each resolver has some of these options. */
export interface RegistryAccess {
  readonly username?: string
  readonly password?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly tls?: TlsOptions
  /** The bucket in NATS. */
  readonly bucket?: string
  /** The namespace of services in Kubernetes and Consul that name none. */
  readonly namespace?: string
  /** The URL of the Kubernetes API, outside of a pod. */
  readonly server?: string
}

/** Loads a resolver. Throws RangeError for access that it does not have, Error if its packages are not installed. */
export type LoadResolver = (access: RegistryAccess) => Promise<ResolverFactory>

/** The resolvers by scheme. Each is loaded when it is needed, as some need packages that are not installed. */
export const REGISTRY_RESOLVERS: ReadonlyMap<string, LoadResolver> = new Map<string, LoadResolver>([
  ['kubernetes', async (access) => (await import('./kubernetes/kubernetes-resolver.ts')).kubernetesResolver(access)],
  ['consul', async (access) => (await import('./consul/consul-resolver.ts')).consulResolver(access)],
  [
    'nats',
    async (access) => {
      await loadNatsPackages()
      return (await import('./nats/nats-resolver.ts')).natsResolver(access)
    },
  ],
  ['etcd', async (access) => (await import('./etcd/etcd-resolver.ts')).etcdResolver(access)],
])
