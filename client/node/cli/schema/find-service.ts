/** Finds the services and methods that a person names. */
import type { DescService } from '@bufbuild/protobuf'
import { nearestName } from '../../../../wire/options/nearest-name.ts'
import { InputError } from '../terminal/program-errors.ts'
import type { Schema } from './schema.ts'

/** How many services are looked into for a method without one. */
const MAX_SERVICES = 50

/**
 * Finds a service.
 *
 * @throws InputError naming the services that there are instead
 */
export async function findService(schema: Schema, name: string): Promise<DescService> {
  const service = await schema.find(name)
  if (service?.kind === 'service') return service
  throw new InputError(`unknown service ${name}${instead(name, await schema.listServices())}`)
}

/**
 * The methods of that name, whatever their service: `package.Service/Method`. The case may differ.
 *
 * @returns at most one per service, of the first 50 services
 */
export async function methodsNamed(schema: Schema, name: string): Promise<string[]> {
  const found: string[] = []
  for (const serviceName of (await schema.listServices()).slice(0, MAX_SERVICES)) {
    const service = await schema.find(serviceName)
    if (service?.kind !== 'service') continue
    const method = service.methods.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
    if (method !== undefined) found.push(`${serviceName}/${method.name}`)
  }
  return found
}

/** An API may have hundreds of names, of which nobody reads more than a few. */
const MAX_NAMES = 20

/**
 * The end of a sentence about a name that does not exist: the known ones that end alike, but for the case and for what
 * stands before the last dot; else the one that is near to it; else those that there are.
 */
export function instead(name: string, known: readonly string[]): string {
  const meant = namesLike(name, known)
  if (meant.length > 0) return `; did you mean ${meant.join(' or ')}?`
  if (known.length === 0) return ''
  const rest = known.length > MAX_NAMES ? ` and ${known.length - MAX_NAMES} more` : ''
  return `; available: ${known.slice(0, MAX_NAMES).join(', ')}${rest}`
}

/** The known names that a name may stand for. */
export function namesLike(name: string, known: readonly string[]): string[] {
  const suffix = `.${name}`.toLowerCase()
  const endingSo = known.filter((candidate) => `.${candidate}`.toLowerCase().endsWith(suffix))
  if (endingSo.length > 0) return endingSo
  const nearest = nearestName(name, known)
  if (nearest !== undefined) return [nearest]
  const last = lastSegment(name).toLowerCase()
  const equal = known.filter((candidate) => lastSegment(candidate).toLowerCase() === last)
  if (equal.length > 0) return equal
  const nearestLast = nearestName(
    last,
    known.map((candidate) => lastSegment(candidate).toLowerCase()),
  )
  return nearestLast === undefined
    ? []
    : known.filter((candidate) => lastSegment(candidate).toLowerCase() === nearestLast)
}

function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
