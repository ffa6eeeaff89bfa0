/** Matches the endpoints of a new list to the children of a policy. */
import type { Endpoint } from '../../contracts/endpoint.ts'
import type { EndpointChild } from './endpoint-child.ts'
import { endpointKey } from './endpoint-key.ts'

/** The children of a policy by `endpointKey`, in the order of the list. */
export type ChildMap = ReadonlyMap<string, EndpointChild>

/**
 * Children that stay keep their connections. Those missing from the list are destroyed after the others are updated. Duplicate endpoints
 * count once, and those without addresses are ignored (gRFC A61).
 *
 * @param update called for each endpoint with its child, or undefined if it is new; returns its child
 */
export function matchChildren(
  before: ChildMap,
  endpoints: readonly Endpoint[],
  update: (endpoint: Endpoint, child: EndpointChild | undefined) => EndpointChild,
): ChildMap {
  const leaving = new Map(before)
  const children = new Map<string, EndpointChild>()
  for (const endpoint of endpoints.filter(({ addresses }) => addresses.length > 0)) {
    const key = endpointKey(endpoint)
    if (children.has(key)) continue
    children.set(key, update(endpoint, leaving.get(key)))
    leaving.delete(key)
  }
  for (const child of leaving.values()) child.destroy()
  return children
}
