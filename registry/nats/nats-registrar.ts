/** Registers servers in the key-value store of NATS. */
import { readTls } from '../../client/node/tls/read-tls.ts'
import type { Registrar } from '../contracts/registrar.ts'
import { KeptRegistration } from '../registrar/kept-registration.ts'
import { parametersOf, type RegistryUrl } from '../url/registry-url.ts'
import { tlsOfUrl } from '../url/tls-of-url.ts'
import { NatsHold } from './nats-hold.ts'
import { type NatsRegistrarOptions, normalizeNatsRegistrarOptions } from './nats-options.ts'

/**
 * Creates a registrar that keeps instances in a bucket of NATS JetStream, which it creates if there is none. NATS must be 2.10 or later.
 *
 *     await serve({ routes, registration: { registrar: natsRegistrar({ servers: ['10.0.0.5:4222'] }), service: 'greeter' } })
 *
 * An instance is written again before it expires, so that it is gone after a crash, and is removed while its server is not healthy.
 *
 * @throws RangeError that names the option, its value and its range, or the file of `tls` that cannot be used
 */
export function natsRegistrar(options: NatsRegistrarOptions = {}): Registrar {
  const resolved = normalizeNatsRegistrarOptions(options)
  if (resolved.tls !== undefined) readTls(resolved.tls)
  return Object.freeze({
    name: 'nats',
    register(instance, context) {
      return new KeptRegistration(new NatsHold(instance, resolved, context), instance, context)
    },
  } satisfies Registrar)
}

const URL_PARAMETERS = ['bucket', 'tls', 'ca', 'cert', 'key', 'ttl'] as const

/**
 * Creates the registrar of `nats://[user:password@ | token@]host:port[,host:port]/service?bucket=NAME&tls=true&ca=PATH&ttl=SECONDS`.
 *
 * @throws RangeError for a parameter that is unknown or not valid
 */
export function natsRegistrarOfUrl(url: RegistryUrl): Registrar {
  const { hosts } = url
  const { ttl, bucket, ...tls } = parametersOf(url, URL_PARAMETERS)
  const options: NatsRegistrarOptions = {
    ...(hosts.length > 0 && { servers: hosts }),
    ...credentialsOf(url),
    ...tlsOfUrl(url.scheme, tls),
    ...(bucket !== undefined && { bucket }),
    ...(ttl !== undefined && { ttlMs: Number(ttl) * 1_000 }),
  }
  return natsRegistrar(options)
}

function credentialsOf({
  username,
  password,
}: RegistryUrl): Pick<NatsRegistrarOptions, 'username' | 'password' | 'token'> {
  if (!username) return {}
  return password ? { username, password } : { token: username }
}
