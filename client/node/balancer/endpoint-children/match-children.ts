/** Which child of a policy each endpoint of a new list has. */
import type { Endpoint } from '../../contracts/endpoint.ts'
import type { EndpointChild } from './endpoint-child.ts'
import { endpointKey } from './endpoint-key.ts'

/** The children of a policy by `endpointKey`, in the order of the list. */
export type ChildMap = ReadonlyMap<string, EndpointChild>

/**
 * Who stays keeps its connection, and whoever is missing from the list is destroyed once the others are up to date. Each
 * endpoint counts once, and one without addresses not at all (gRFC A61).
 *
 * @param update called for each endpoint with its child, or with undefined if it is new; returns the child that it has from now on
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
