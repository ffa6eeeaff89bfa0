/** The registrar of `kubernetes:///service?namespace=NAME&portName=NAME`, with the service account of the pod. */
import type { Registrar } from '../contracts/registrar.ts'
import { parametersOf, type RegistryUrl } from '../url/registry-url.ts'
import { kubernetesRegistrar } from './kubernetes-registrar.ts'

/** Creates the registrar. Throws RangeError for a parameter that is unknown or not valid, for a host, and outside of a cluster. */
export function kubernetesRegistrarOfUrl(url: RegistryUrl): Registrar {
  const parameters = parametersOf(url, ['namespace', 'portName'])
  if (url.hosts.length > 0 || url.username !== undefined) {
    throw new RangeError('kubernetes: the URL must begin with kubernetes:///, as the cluster is that of the pod')
  }
  return kubernetesRegistrar(parameters)
}
