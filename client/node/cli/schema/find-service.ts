/** Finds the services and methods that the user names, and suggests names for those that do not exist. */
import type { DescService } from '@bufbuild/protobuf'
import { nearestName } from '../../../../wire/options/nearest-name.ts'
import { InputError } from '../terminal/program-errors.ts'
import type { Schema } from './schema.ts'

/** The number of services to search for a method that is given without its service. */
const MAX_SERVICES = 50

/**
 * Finds a service.
 *
 * @throws InputError for an unknown service, naming the known ones
 */
export async function findService(schema: Schema, name: string): Promise<DescService> {
  const service = await schema.find(name)
  if (service?.kind === 'service') return service
  throw new InputError(`unknown service ${name}${instead(name, await schema.listServices())}`)
}

/**
 * Returns the methods of that name in any service, ignoring case: `package.Service/Method`.
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

/** Bounds the list, since an API may have hundreds of names. */
const MAX_NAMES = 20

/**
 * Returns the end of an error about an unknown name: known names with the same last part, ignoring case; else the nearest name; else
 * the known names.
 */
export function instead(name: string, known: readonly string[]): string {
  const meant = namesLike(name, known)
  if (meant.length > 0) return `; did you mean ${meant.join(' or ')}?`
  if (known.length === 0) return ''
  const rest = known.length > MAX_NAMES ? ` and ${known.length - MAX_NAMES} more` : ''
  return `; available: ${known.slice(0, MAX_NAMES).join(', ')}${rest}`
}

/** Returns the known names that the user may have meant. */
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
