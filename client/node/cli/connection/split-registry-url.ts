/** Splits the URL of a registry, as servers take it for `--registry`, into a target and the access to the registry. */
import type { RegistryAccess } from '../../../../registry/registry-resolvers.ts'
import { tlsOfUrl } from '../../../../registry/url/tls-of-url.ts'

/** A target without credentials, which may be shown. */
export interface RegistryTarget {
  readonly target: string
  readonly access: RegistryAccess
}

/** `etcd://user:password@10.0.0.5:2379/greeter?tls=true`: the credentials and the query are optional. */
const FORM = /^([^:/?#]+)(:\/\/)(?:([^@/?#]*)@)?([^?#]*)(?:\?(.*))?$/s

/** Parameters about an instance, which mean nothing to a client. */
const OF_INSTANCES = ['weight', 'zone', 'version', 'ttl', 'tags', 'portName']

/** Throws RangeError, which does not show the credentials, for those that are not encoded and for a parameter that is not valid. */
export function splitRegistryUrl(text: string): RegistryTarget {
  const [, scheme = '', slashes = '', userInfo, place = '', query = ''] = FORM.exec(text) ?? []
  // Without a service, a query or fragment may be the rest of a password.
  if (text.includes('://') && (place.includes('/') ? place : withoutUserInfo(text)).includes('@')) {
    throw new RangeError('the characters / ? # @ in credentials must be percent-encoded')
  }
  if (scheme === '') return { target: text, access: {} }
  const parameters = new URLSearchParams(query)
  for (const name of OF_INSTANCES) parameters.delete(name)
  const take = (name: string) => {
    const value = parameters.get(name)
    parameters.delete(name)
    return value === null ? {} : { [name]: value }
  }
  const tls = tlsOfUrl(scheme, { ...take('tls'), ...take('ca'), ...take('cert'), ...take('key') })
  const access = {
    ...credentialsOf(userInfo),
    ...tls,
    ...take('tokenFile'),
    ...take('bucket'),
    ...take('namespace'),
    ...take('server'),
  }
  const rest = parameters.size === 0 ? '' : `?${parameters}`
  return { target: `${scheme}${slashes}${place}${rest}`, access }
}

/** Returns a URL without its credentials. */
export function withoutUserInfo(url: string): string {
  return url.replace(/:\/\/[^@/?#]*@/, '://')
}

/** A name without a password is a token, as in NATS. */
function credentialsOf(userInfo: string | undefined): RegistryAccess {
  if (userInfo === undefined) return {}
  const [name = '', ...password] = userInfo.split(':')
  if (password.length === 0) return { token: decoded(name) }
  return { username: decoded(name), password: decoded(password.join(':')) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new RangeError('the credentials have a "%" that is not part of a percent-encoded character', { cause })
  }
}
