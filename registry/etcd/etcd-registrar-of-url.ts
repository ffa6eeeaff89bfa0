/** The registrar of `etcd://[user:password@]host:port[,host:port]/service?tls=true&ca=PATH&ttl=SECONDS`. */
import type { Registrar } from '../contracts/registrar.ts'
import { parametersOf, type RegistryUrl } from '../url/registry-url.ts'
import { tlsOfUrl } from '../url/tls-of-url.ts'
import type { EtcdRegistrarOptions } from './etcd-options.ts'
import { etcdRegistrar } from './etcd-registrar.ts'

const NAMES = ['tls', 'ca', 'cert', 'key', 'ttl'] as const

/** Creates the registrar. Throws RangeError for a parameter that is unknown or not valid. */
export function etcdRegistrarOfUrl(url: RegistryUrl): Registrar {
  const { hosts, username, password } = url
  const { ttl, ...tls } = parametersOf(url, NAMES)
  const options: EtcdRegistrarOptions = {
    ...(hosts.length > 0 && { endpoints: hosts }),
    ...(username !== undefined && password !== undefined && { username, password }),
    ...tlsOfUrl(url.scheme, tls),
    ...(ttl !== undefined && { ttlMs: Number(ttl) * 1_000 }),
  }
  return etcdRegistrar(options)
}
