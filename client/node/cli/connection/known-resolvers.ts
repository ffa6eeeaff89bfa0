/** The resolvers that the program knows: those of the client, and those of registries. */
import { REGISTRY_RESOLVERS } from '../../../../registry/registry-resolvers.ts'
import { reasonOf } from '../../base/thrown.ts'
import type { ResolverFactory } from '../../contracts/resolver.ts'
import { DEFAULT_RESOLVERS } from '../../resolver/default-resolvers.ts'
import { InputError } from '../terminal/program-errors.ts'

const SCHEME = /^([a-z][a-z0-9+.-]*):/i

/** The schemes of targets, in lower case. */
export const KNOWN_SCHEMES: readonly string[] = [
  ...DEFAULT_RESOLVERS.map(({ scheme }) => scheme),
  ...REGISTRY_RESOLVERS.keys(),
]

/** Returns the text before the first colon in lower case; undefined if a scheme cannot have that form. */
export function schemeOf(address: string): string | undefined {
  return SCHEME.exec(address)?.[1]?.toLowerCase()
}

/**
 * Loads the resolver of a target in a registry.
 *
 * @returns undefined for every other address
 * @throws InputError if its package cannot be loaded
 */
export async function loadRegistryResolver(address: string): Promise<ResolverFactory | undefined> {
  const scheme = schemeOf(address) ?? ''
  try {
    return await REGISTRY_RESOLVERS.get(scheme)?.()
  } catch (cause) {
    throw new InputError(`${scheme} targets are not available: ${reasonOf(cause)}`, { cause })
  }
}
