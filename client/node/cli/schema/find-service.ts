/** Finds the services and methods that a person names. */
import type { DescService } from '@bufbuild/protobuf'
import { InputError } from '../terminal/input-error.ts'
import { instead } from './instead.ts'
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
  throw new InputError(`there is no service ${name}${instead(name, await schema.listServices())}`)
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
