/** What makes an endpoint the same one as before. */
import { addressKey, type Endpoint } from '../../contracts/endpoint.ts'

/** Equal for the same set of addresses in whatever order (gRFC A61). */
export function endpointKey({ addresses }: Endpoint): string {
  return [...new Set(addresses.map(addressKey))].sort().join(' ')
}
