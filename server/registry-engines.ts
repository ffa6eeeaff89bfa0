/** The registries that `--registry` knows. A server loads only those that it uses. */
import type { Registrar } from '../registry/contracts/registrar.ts'
import { parseRegistryUrl, type RegistryUrl } from '../registry/url/registry-url.ts'
import { loadNatsPackages } from '../wire/nats/nats-packages.ts'
import type { RegistrationOptions } from './registry/registration-options.ts'

/** Loads the function that creates the registrar of a URL, which throws RangeError for a parameter that is not valid. */
type Engine = () => Promise<(url: RegistryUrl) => Registrar>

/** By scheme. A new registry is a line here and its folder. */
const ENGINES: Readonly<Record<string, Engine>> = {
  consul: async () => (await import('../registry/consul/consul-registrar.ts')).consulRegistrarOfUrl,
  etcd: async () => (await import('../registry/etcd/etcd-registrar.ts')).etcdRegistrarOfUrl,
  nats: async () => {
    await loadNatsPackages()
    return (await import('../registry/nats/nats-registrar.ts')).natsRegistrarOfUrl
  },
  kubernetes: async () => (await import('../registry/kubernetes/kubernetes-registrar.ts')).kubernetesRegistrarOfUrl,
}

/**
 * Returns how to register in the registry that a URL names.
 *
 * @throws RangeError, which does not show the URL, as it may have a password; Error if the packages of the registry are not installed
 */
export async function registrationOf(text: string): Promise<RegistrationOptions> {
  const url = parseRegistryUrl(text)
  const { scheme, service, metadata } = url
  const engine = Object.hasOwn(ENGINES, scheme) ? ENGINES[scheme] : undefined
  if (engine === undefined) {
    throw new RangeError(`${scheme} is not a registry: use one of ${Object.keys(ENGINES).join(', ')}`)
  }
  const createRegistrar = await engine()
  return { registrar: createRegistrar(url), service, metadata }
}
