/** The order in which pick_first tries addresses. */
import { isIP } from 'node:net'
import { type Address, addressKey, type Endpoint, weightOf } from '../../contracts/endpoint.ts'

/**
 * Returns the distinct addresses of all endpoints. Address families alternate, starting with that of the first address (RFC 8305,
 * section 4), so that a family that does not work costs only one attempt at a time.
 */
export function addressOrder(endpoints: readonly Endpoint[]): Address[] {
  const byKey = new Map<string, Address>()
  for (const address of endpoints.flatMap((endpoint) => endpoint.addresses)) {
    if (!byKey.has(addressKey(address))) byKey.set(addressKey(address), address)
  }
  return interleave([...Map.groupBy(byKey.values(), familyOf).values()])
}

/**
 * Shuffles endpoints by weight: one of twice the weight comes before another twice as often (gRFC A113). The default weight is 1.
 */
export function shuffleEndpoints(endpoints: readonly Endpoint[], random: () => number): Endpoint[] {
  const keyed = endpoints.map((endpoint) => ({ endpoint, key: random() ** (1 / weightOf(endpoint)) }))
  return keyed.sort((a, b) => b.key - a.key).map(({ endpoint }) => endpoint)
}

/** Returns the address family. Host names, which the socket resolves, and Unix sockets are families of their own. */
function familyOf(address: Address): 'unix' | 0 | 4 | 6 {
  return 'path' in address ? 'unix' : (isIP(address.host) as 0 | 4 | 6)
}

function interleave<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat()
}
