/** Reads the answer of `/v1/health/service/:service`. */
import { type Endpoint, isPort } from '../../client/node/contracts/endpoint.ts'
import { metadataAttributes, readWeight } from '../resolver/metadata-attributes.ts'

/** The parts of an entry that count. */
interface HealthEntry {
  readonly Node?: { readonly Address?: unknown }
  readonly Service?: {
    readonly Address?: unknown
    readonly Port?: unknown
    readonly Meta?: Readonly<Record<string, unknown>> | null
    readonly Weights?: { readonly Passing?: unknown } | null
  }
}

/**
 * Returns an endpoint for each instance that has an address and a port.
 *
 * @throws Error if the answer is not a list
 */
export function readHealth(text: string): Endpoint[] {
  const entries: unknown = parse(text)
  if (!Array.isArray(entries)) throw new Error('the response is not a list: is the address that of a Consul agent?')
  return entries.flatMap((entry: HealthEntry | null) => endpointOf(entry ?? {}))
}

/** An instance without an address of its own has that of its node. */
function endpointOf({ Node, Service }: HealthEntry): Endpoint[] {
  const { Address, Port, Meta, Weights } = Service ?? {}
  const host = typeof Address === 'string' && Address !== '' ? Address : Node?.Address
  if (typeof host !== 'string' || host === '' || typeof Port !== 'number' || !isPort(Port)) return []
  // Weights of Consul end at 65,535, so the metadata has a larger one.
  const weight = readWeight(Meta?.weight) ?? Weights?.Passing
  const attributes = metadataAttributes({ ...Meta, weight })
  return [{ addresses: [{ host, port: Port }], attributes }]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
