/** Where the descriptors of a server's API come from. */
import type { DescEnum, DescExtension, DescMessage, DescService, FileRegistry } from '@bufbuild/protobuf'
import { nearestName } from '../../../../wire/options/nearest-name.ts'
import { InputError } from '../terminal/input-error.ts'

/** What can be looked up by its full name. */
export type DescType = DescMessage | DescEnum | DescExtension | DescService

/**
 * A source of descriptors. A command opens one, asks it as often as it likes, one question at a time, and closes it in
 * any case.
 */
export interface SchemaSource {
  /** The full names of all services, sorted. */
  listServices(): Promise<readonly string[]>
  /**
   * The file that declares a symbol, with everything that it imports, and perhaps more.
   *
   * @param symbol the full name of a service, message, enum or extension
   * @returns undefined when the source does not know the symbol
   */
  load(symbol: string): Promise<FileRegistry | undefined>
  /** Lets go of what the source holds. */
  close(): Promise<void>
}

/**
 * Finds a service.
 *
 * @throws InputError naming the services that there are instead
 */
export async function findService(source: SchemaSource, name: string): Promise<[DescService, FileRegistry]> {
  const registry = await source.load(name)
  const service = registry?.getService(name)
  if (registry !== undefined && service !== undefined) return [service, registry]
  throw new InputError(`there is no service ${name}${instead(name, await source.listServices())}`)
}

/** The end of a sentence about a name that does not exist: the one that is near to it, or all that there are. */
export function instead(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  if (nearest !== undefined) return `: is ${nearest} meant?`
  return known.length === 0 ? '' : `; there is ${known.join(', ')}`
}
