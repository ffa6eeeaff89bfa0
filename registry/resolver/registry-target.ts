/** Reads targets such as `etcd:///greeter` and `etcd://10.0.0.5:2379,10.0.0.6:2379/greeter`. */
import type { Target } from '../../client/node/contracts/resolver.ts'
import { parseHostPort } from '../../client/node/resolver/parse-host-port.ts'

/**
 * Returns the service of a target.
 *
 * @throws RangeError if there is none
 */
export function serviceOf({ scheme, endpoint }: Target): string {
  const service = decoded(endpoint)
  if (/^[^/\0]+(?:\/[^/\0]+)*$/.test(service)) return service
  throw new RangeError(`the target names the service "${service}": it must have the form ${scheme}:///service`)
}

/**
 * Returns the servers of the registry that a target names; null if it names none.
 *
 * @throws RangeError for credentials
 */
export function serversOf(target: Target): readonly string[] | null {
  assertNoCredentials(target)
  return target.authority === '' ? null : target.authority.split(',')
}

/**
 * Checks a target, which is shown in logs and by channelz.
 *
 * @throws RangeError for credentials, which it does not show
 */
export function assertNoCredentials({ scheme, authority }: Target): void {
  if (!authority.includes('@')) return
  throw new RangeError(`the target must not have credentials: give them to ${scheme}Resolver`)
}

/** Returns `host:port` of a server, with a default port. Throws RangeError for what is not an address. */
export function withPort(server: string, port: string): string {
  const hasPort = /:\d+$/.test(server.replace(/^\[.*\]/, ''))
  const address = hasPort ? server : `${server}:${port}`
  parseHostPort(address)
  return address
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
