/** The attributes of an endpoint, from the metadata that its server has registered. */
import type { Attributes } from '../../client/node/contracts/endpoint.ts'
import { MAX_WEIGHT } from '../../client/node/contracts/endpoint.ts'

/**
 * Returns metadata as attributes. A weight may be text, as some registries hold nothing else; an invalid one is left out, and so is an
 * invalid `hashKey`: a channel rejects a list of which one endpoint has such an attribute. Also left out is `hostname`: a registry must
 * not choose the name that the certificate of a server is checked against.
 */
export function metadataAttributes(metadata: Readonly<Record<string, unknown>>): Attributes {
  const { hostname: _, weight, hashKey, ...others } = metadata
  const number = readWeight(weight)
  const isKey = typeof hashKey === 'string' || typeof hashKey === 'number'
  return { ...others, ...(number !== undefined && { weight: number }), ...(isKey && { hashKey: String(hashKey) }) }
}

/** Returns a weight from 1 to 4,294,967,295, which may be text. Undefined for anything else. */
export function readWeight(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
  return number >= 1 && number <= MAX_WEIGHT ? number : undefined
}
