/** Compares lists of endpoints. */
import { endpointKey } from '../../balancer/endpoint-children/endpoint-key.ts'
import type { Endpoint } from '../../contracts/endpoint.ts'

/** What happened to an endpoint between two lists. */
export interface EndpointChange {
  /** `changed`: its addresses are the same, and its attributes are not. */
  readonly change: 'added' | 'changed' | 'removed'
  /** As in the new list, or the old one if it was removed. */
  readonly endpoint: Endpoint
}

/** Returns the changes: in the order of the new list, then removed endpoints in that of the old one. */
export function endpointChanges(before: readonly Endpoint[], after: readonly Endpoint[]): EndpointChange[] {
  const [known, current] = [byKey(before), byKey(after)]
  const kept = [...current].flatMap(([key, endpoint]): EndpointChange[] => {
    const old = known.get(key)
    if (old === undefined) return [{ change: 'added', endpoint }]
    return attributesKey(old) === attributesKey(endpoint) ? [] : [{ change: 'changed', endpoint }]
  })
  const removed = [...known].filter(([key]) => !current.has(key))
  return [...kept, ...removed.map(([, endpoint]): EndpointChange => ({ change: 'removed', endpoint }))]
}

function byKey(endpoints: readonly Endpoint[]): ReadonlyMap<string, Endpoint> {
  return new Map(endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]))
}

function attributesKey({ attributes }: Endpoint): string {
  return JSON.stringify(Object.entries(attributes).sort())
}
