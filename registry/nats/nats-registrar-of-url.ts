/** The registrar of `nats://[user:password@ | token@]host:port[,host:port]/service?bucket=NAME&tls=true&ca=PATH&ttl=SECONDS`. */
import type { Registrar } from '../contracts/registrar.ts'
import { parametersOf, type RegistryUrl } from '../url/registry-url.ts'
import { tlsOfUrl } from '../url/tls-of-url.ts'
import type { NatsRegistrarOptions } from './nats-options.ts'
import { natsRegistrar } from './nats-registrar.ts'

const NAMES = ['bucket', 'tls', 'ca', 'cert', 'key', 'ttl'] as const

/** Creates the registrar. Throws RangeError for a parameter that is unknown or not valid. */
export function natsRegistrarOfUrl(url: RegistryUrl): Registrar {
  const { hosts } = url
  const { ttl, bucket, ...tls } = parametersOf(url, NAMES)
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
