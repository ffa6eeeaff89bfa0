/** The registrar of `consul://[host[:port]]/service?tags=TAG,TAG&tokenFile=PATH&ttl=SECONDS&tls=true&ca=PATH`. */
import type { Registrar } from '../contracts/registrar.ts'
import { parametersOf, type RegistryUrl } from '../url/registry-url.ts'
import { tlsOfUrl } from '../url/tls-of-url.ts'
import { consulRegistrar } from './consul-registrar.ts'

const NAMES = ['tags', 'tokenFile', 'ttl', 'tls', 'ca', 'cert', 'key'] as const

/** Creates the registrar. Throws RangeError for a parameter that is unknown or not valid, and for more than one agent. */
export function consulRegistrarOfUrl(url: RegistryUrl): Registrar {
  const { hosts, username } = url
  const { tags, tokenFile, ttl, ...parameters } = parametersOf(url, NAMES)
  if (hosts.length > 1) throw new RangeError('consul: there must be one agent, as each keeps its own instances')
  if (username !== undefined) throw new RangeError('consul: there are no users: use tokenFile')
  const tls = tlsOfUrl(url.scheme, parameters)
  return consulRegistrar({
    ...(hosts[0] !== undefined && { address: addressOf(hosts[0], 'tls' in tls ? 'https' : 'http') }),
    ...tls,
    ...(tags !== undefined && { tags: tags.split(',') }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(ttl !== undefined && { ttlMs: Number(ttl) * 1_000 }),
  })
}

function addressOf(host: string, protocol: 'http' | 'https'): string {
  const hasPort = /:\d+$/.test(host) && !host.endsWith(']')
  return `${protocol}://${host}${hasPort ? '' : protocol === 'http' ? ':8500' : ':8501'}`
}
