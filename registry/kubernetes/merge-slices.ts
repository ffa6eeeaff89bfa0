/** Turns all slices of a service into its endpoints. */
import { type Address, type Attributes, type Endpoint, isPort } from '../../client/node/contracts/endpoint.ts'
import { metadataAttributes } from '../resolver/metadata-attributes.ts'
import {
  type EndpointSlice,
  METADATA_ANNOTATION,
  type SliceConditions,
  type SliceEndpoint,
  type SlicePort,
} from './endpoint-slice.ts'

/** A pod, from all slices that name it. */
interface Pod {
  readonly addresses: Map<string, Address>
  readonly attributes: Attributes
  isReady: boolean
}

/**
 * Returns an endpoint for each ready pod. If none is ready, those that terminate and still serve. A pod with addresses of both IP families, or
 * in two slices while it moves from one to the other, is one endpoint.
 *
 * @param port see {@link findPort}
 */
export function mergeSlices(slices: Iterable<EndpointSlice>, port: number | string | undefined): Endpoint[] {
  const pods = new Map<string, Pod>()
  // In an order that does not depend on that of events, as the order of addresses counts.
  for (const slice of [...slices].sort(byFamilyAndName)) {
    const number = findPort(slice.ports ?? [], port)
    if (number === undefined || !isPort(number) || !isIpSlice(slice)) continue
    const registered = registeredAttributes(slice)
    for (const endpoint of slice.endpoints ?? []) addTo(pods, { ...endpoint, port: number, registered })
  }
  const usable = [...pods.values()]
  const ready = usable.filter(({ isReady }) => isReady)
  return (ready.length > 0 ? ready : usable).map(({ addresses, attributes }) => ({
    addresses: [...addresses.values()],
    attributes,
  }))
}

/** An endpoint, and what its slice says about it. */
interface FoundEndpoint extends SliceEndpoint {
  readonly port: number
  readonly registered: Attributes
}

function addTo(pods: Map<string, Pod>, endpoint: FoundEndpoint): void {
  const { port, registered } = endpoint
  const state = stateOf(endpoint.conditions ?? {})
  const [host] = endpoint.addresses ?? []
  if (host === undefined || host === '' || state === 'unusable') return
  const key = `${endpoint.targetRef?.uid ?? host} ${port}`
  const pod = pods.get(key) ?? {
    addresses: new Map(),
    attributes: { ...registered, ...attributesOf(endpoint) },
    isReady: false,
  }
  pods.set(key, pod)
  pod.addresses.set(host, { host, port })
  pod.isReady ||= state === 'ready'
}

/** `ready` of a pod that terminates is true only if its service publishes addresses that are not ready. */
function stateOf({ ready, serving, terminating }: SliceConditions): 'ready' | 'leaving' | 'unusable' {
  const isReady = ready !== false
  if (terminating === true) return (serving ?? isReady) ? 'leaving' : 'unusable'
  return isReady ? 'ready' : 'unusable'
}

/** Returns the metadata of a server that registered itself; nothing if it is not an object in JSON. */
function registeredAttributes({ metadata }: EndpointSlice): Attributes {
  try {
    const registered: unknown = JSON.parse(metadata?.annotations?.[METADATA_ANNOTATION] ?? '{}')
    return metadataAttributes({ ...(registered as object) })
  } catch {
    return {}
  }
}

function attributesOf({ zone, nodeName, hints }: SliceEndpoint): Attributes {
  const forZones = (hints?.forZones ?? []).flatMap(({ name }) => name ?? [])
  return {
    ...(typeof zone === 'string' && { zone }),
    ...(typeof nodeName === 'string' && { nodeName }),
    ...(forZones.length > 0 && { forZones: forZones.join() }),
  }
}

/**
 * Returns the number of a port in a slice: a name can have other numbers in other slices, whose pods are of another version. Without a
 * name or a number, the port named `grpc`, or the first. A number must be that of a port, unless the service declares none.
 */
function findPort(ports: readonly SlicePort[], wanted: number | string | undefined): number | undefined {
  const usable = ports.filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP')
  if (typeof wanted === 'number') {
    // A port without a number stands for all ports.
    const isThere = ports.length === 0 || usable.some(({ port }) => (port ?? wanted) === wanted)
    return isThere ? wanted : undefined
  }
  const named = usable.find(({ name }) => (name ?? '') === (wanted ?? 'grpc'))
  return (wanted === undefined ? (named ?? usable[0]) : named)?.port ?? undefined
}

function isIpSlice({ addressType }: EndpointSlice): boolean {
  return addressType === 'IPv4' || addressType === 'IPv6'
}

function byFamilyAndName(a: EndpointSlice, b: EndpointSlice): number {
  const [one, other] = [a, b].map(({ addressType, metadata }) => `${addressType} ${metadata?.name}`) as [string, string]
  return one < other ? -1 : 1
}
