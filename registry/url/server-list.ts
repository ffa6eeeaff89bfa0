/** The servers of a registry that is a cluster, as options and targets list them. */
import { isIPv6 } from 'node:net'
import { parseHostPort } from '../../client/node/resolver/parse-host-port.ts'

/**
 * Returns `host:port` of each server in an option.
 *
 * @param option with its owner, for errors: `etcdResolver: endpoints`
 * @param port that of servers without one
 * @throws RangeError that does not show the servers, as one may have a password
 */
export function readServers(option: string, servers: readonly string[], port: string): readonly string[] {
  if (servers.length === 0) throw new RangeError(`${option} is empty, and must have a host:port`)
  if (servers.some((each) => typeof each !== 'string' || /[/@,]/.test(each))) {
    throw new RangeError(`${option} must have the form host:port, without a scheme and without credentials`)
  }
  return Object.freeze(servers.map((each) => withPort(each, port)))
}

/** Returns `host:port` of a server, with a default port. Throws RangeError for what is not an address. */
export function withPort(server: string, port: string): string {
  const host = isIPv6(server) ? `[${server}]` : server
  const address = /:\d+$/.test(host) ? host : `${host}:${port}`
  parseHostPort(address)
  return address
}
