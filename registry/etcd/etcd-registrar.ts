/** Registers servers in etcd. */
import { readTls } from '../../client/node/tls/read-tls.ts'
import type { Registrar } from '../contracts/registrar.ts'
import { KeptRegistration } from '../registrar/kept-registration.ts'
import { parametersOf, type RegistryUrl } from '../url/registry-url.ts'
import { tlsOfUrl } from '../url/tls-of-url.ts'
import { EtcdHold } from './etcd-hold.ts'
import { type EtcdRegistrarOptions, normalizeEtcdRegistrarOptions } from './etcd-options.ts'

/**
 * Creates a registrar that keeps instances in etcd, in the layout of etcd's own package for Go, which its resolver for grpc-go reads.
 *
 *     await serve({ routes, registration: { registrar: etcdRegistrar({ endpoints: ['10.0.0.5:2379'] }), service: 'greeter' } })
 *
 * An instance has a lease, so that it expires after a crash, and is removed while its server is not healthy.
 *
 * @throws RangeError that names the option, its value and its range, or the file of `tls` that cannot be used
 */
export function etcdRegistrar(options: EtcdRegistrarOptions = {}): Registrar {
  const resolved = normalizeEtcdRegistrarOptions(options)
  if (resolved.tls !== undefined) readTls(resolved.tls)
  return Object.freeze({
    name: 'etcd',
    register(instance, context) {
      return new KeptRegistration(new EtcdHold(instance, resolved, context), instance, context)
    },
  } satisfies Registrar)
}

const URL_PARAMETERS = ['tls', 'ca', 'cert', 'key', 'ttl'] as const

/**
 * Creates the registrar of `etcd://[user:password@]host:port[,host:port]/service?tls=true&ca=PATH&ttl=SECONDS`.
 *
 * @throws RangeError for a parameter that is unknown or not valid
 */
export function etcdRegistrarOfUrl(url: RegistryUrl): Registrar {
  const { hosts, username, password } = url
  const { ttl, ...tls } = parametersOf(url, URL_PARAMETERS)
  const options: EtcdRegistrarOptions = {
    ...(hosts.length > 0 && { endpoints: hosts }),
    ...(username !== undefined && password !== undefined && { username, password }),
    ...tlsOfUrl(url.scheme, tls),
    ...(ttl !== undefined && { ttlMs: Number(ttl) * 1_000 }),
  }
  return etcdRegistrar(options)
}
