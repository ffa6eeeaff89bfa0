/** Reads targets such as `etcd:///greeter` and `etcd://10.0.0.5:2379,10.0.0.6:2379/greeter`. */
import type { Target } from '../../client/node/contracts/resolver.ts'
import { withPort } from '../url/server-list.ts'

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
 * Returns `host:port` of the servers of the registry that a target names; null if it names none.
 *
 * @param port that of servers without one
 * @throws RangeError for credentials, and for what is not an address
 */
export function serversOf(target: Target, port: string): readonly string[] | null {
  assertNoCredentials(target)
  return target.authority === '' ? null : target.authority.split(',').map((server) => withPort(server, port))
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
