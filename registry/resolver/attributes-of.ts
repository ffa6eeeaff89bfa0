/** Turns the metadata of an instance, as a registry has it, into attributes of an endpoint. */
import { type Attributes, MAX_WEIGHT } from '../../client/node/contracts/endpoint.ts'

/**
 * The name that a server's certificate must match: a registry that could set it could lead calls to any server with some certificate.
 */
const REFUSED: ReadonlySet<string> = new Set(['hostname', '__proto__'])

/**
 * Returns the attributes. A `weight` is a number above 0, or a text of one as some registries have only texts; any other is left out. All
 * others are passed on as they are. Metadata that is not an object has none.
 */
export function attributesOf(metadata: unknown): Attributes {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return {}
  const { weight: given, ...others } = Object.fromEntries(
    Object.entries(metadata).filter(([name]) => !REFUSED.has(name)),
  )
  const weight = weightOf(given)
  return weight === undefined ? others : { ...others, weight }
}

function weightOf(given: unknown): number | undefined {
  const weight = typeof given === 'string' && /^\d{1,10}(?:\.\d{1,6})?$/.test(given) ? Number(given) : given
  return typeof weight === 'number' && weight > 0 && weight <= MAX_WEIGHT ? weight : undefined
}
