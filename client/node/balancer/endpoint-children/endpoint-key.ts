/** Identifies endpoints across updates. */
import { addressKey, type Endpoint } from '../../contracts/endpoint.ts'

/** Returns a key that is equal for the same set of addresses in any order (gRFC A61). */
export function endpointKey({ addresses }: Endpoint): string {
  return [...new Set(addresses.map(addressKey))].sort().join(' ')
}
